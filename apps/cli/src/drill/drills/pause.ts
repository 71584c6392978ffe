import { atMoments, type Drill } from '../drill.ts'
import { signal } from '../victims.ts'

export const pause: Drill = {
  name: 'pause',
  summary: 'SIGSTOP and, after --duration, SIGCONT: a machine that sleeps, a disk that hangs',
  targets: ['random', 'coordinator', 'worker', 'postgres'],
  times: 2,
  durationMs: 2_000,
  fault: null,
  disturb: (scene) =>
    atMoments(scene, async () => {
      const victim = scene.victim()
      const pids = await victim.pids()
      const goOn = async (): Promise<void> => {
        for (const pid of pids) signal(pid, 'SIGCONT')
      }
      await scene.cleanup.hold(async () => {
        for (const pid of pids) signal(pid, 'SIGSTOP')
      }, goOn)
      scene.did(`SIGSTOP to ${victim.name} (pid ${pids.join(', ')})`)
      await scene.run.pass(scene.durationMs ?? 0)
      await goOn()
      scene.did(`SIGCONT to ${victim.name}`)
    }),
}
