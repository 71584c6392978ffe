import { atMoments, type Drill, type Scene } from './drill.ts'
import { faultText, type NetworkFault } from './network-fault.ts'
import { setFault } from './worker-place.ts'

/** A drill that makes the way of every worker bad, for as long as the run lasts unless told otherwise. */
export function networkDrill({ name, summary, fault }: { name: string; summary: string; fault: NetworkFault }): Drill {
  const putOnAll = async ({ deployment, places }: Scene, put: NetworkFault | null): Promise<void> => {
    for (const worker of deployment.workers) await setFault(worker, put, places)
  }
  return {
    ...{ name, summary, fault },
    targets: ['worker'],
    times: 1,
    durationMs: null,
    disturb: (scene) =>
      atMoments(scene, async () => {
        await putOnAll(scene, fault)
        scene.did(`all workers: ${faultText(fault)}`)
        await (scene.durationMs === null ? scene.run.ended : scene.run.pass(scene.durationMs))
        await putOnAll(scene, null)
      }),
  }
}
