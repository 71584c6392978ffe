import { clockShift } from '../clock-shift.ts'
import { atMoments, type Drill } from '../drill.ts'

const DAY_MS = 86_400_000

export const clock: Drill = {
  name: 'clock',
  summary: 'a wall clock that is a day ahead, then a day behind, from a restart on',
  targets: ['worker', 'coordinator'],
  times: 2,
  durationMs: null,
  fault: null,
  disturb(scene) {
    let byMs = DAY_MS
    return atMoments(scene, async () => {
      const { name, kill, revive } = scene.victim()
      await kill()
      revive?.(['--import', clockShift(byMs)])
      scene.did(`${name} started again with a clock that is a day ${byMs > 0 ? 'ahead' : 'behind'}`)
      byMs = -byMs
    })
  },
}
