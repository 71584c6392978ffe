import { atMoments, type Drill } from '../drill.ts'
import { setFault } from '../worker-place.ts'

const FAULT = { kind: 'partition' } as const

export const partition: Drill = {
  name: 'partition',
  summary: 'a worker that can not reach the coordinator for --duration, then another',
  targets: ['worker'],
  times: 2,
  durationMs: 3_000,
  fault: FAULT,
  disturb: (scene) =>
    atMoments(scene, async () => {
      const worker = scene.random.pick(scene.deployment.workers)
      await setFault(worker, FAULT, scene.places)
      scene.did(`${worker.name} cut off`)
      await scene.run.pass(scene.durationMs ?? 0)
      await setFault(worker, null, scene.places)
      scene.did(`${worker.name} reachable again`)
    }),
}
