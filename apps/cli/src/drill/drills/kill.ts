import { atMoments, type Drill } from '../drill.ts'

export const kill: Drill = {
  name: 'kill',
  summary:
    'SIGKILL: coordinator and workers are started again, as a service manager would; Postgres by the coordinator',
  targets: ['random', 'coordinator', 'worker', 'postgres'],
  times: 3,
  durationMs: 300,
  fault: null,
  disturb: (scene) =>
    atMoments(scene, async () => {
      const { name, kill, revive } = scene.victim()
      scene.did(`SIGKILL to ${name} (pid ${await kill()})`)
      if (revive === null) return
      await scene.run.pass(scene.durationMs ?? 0)
      revive()
      scene.did(`${name} started again`)
    }),
}
