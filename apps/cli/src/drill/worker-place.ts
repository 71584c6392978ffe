import { join } from 'node:path'
import type { Cleanup } from './cleanup.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import { type Document, ManagedProcess } from './managed-process.ts'
import type { FaultPlace, NetworkFault } from './network-fault.ts'
import { makeNamespace, type NetworkNamespace } from './network-namespace.ts'
import { seededRandom } from './seeded-random.ts'

/** One worker of a drill, with the way between it and the coordinator, on which faults can be put. */
export interface WorkerPlace {
  readonly name: string
  readonly process: ManagedProcess
  readonly proxy: FaultProxy
  readonly namespace: NetworkNamespace | null
}

export interface WorkerPlacePlan {
  readonly index: number
  readonly name: string
  /** Its data. */
  readonly file: string
  readonly upstream: string
  readonly token: string
  /** Where its state and its log lie. */
  readonly folder: string
  readonly device: string
  readonly seed: number
  readonly inNamespace: boolean
  readonly heard: (document: Document) => void
}

const HERE = '127.0.0.1'

/** Start a worker that connects through a proxy of its own, from a network namespace of its own if it is to have one. */
export async function startWorkerPlace(plan: WorkerPlacePlan, cleanup: Cleanup): Promise<WorkerPlace> {
  const { index, name, upstream, seed } = plan
  const namespace = plan.inNamespace
    ? await cleanup.hold(
        () => makeNamespace(index),
        (made) => made.remove(),
      )
    : null
  const host = namespace?.hostAddress ?? HERE
  const random = seededRandom(`${seed} network of worker ${index}`)
  const proxy = await cleanup.hold(
    () => startFaultProxy({ upstream, host, random }),
    (made) => made.close(),
  )
  const process = new ManagedProcess({
    name,
    args: joinArguments(plan, proxy.url),
    log: join(plan.folder, `${name}.log`),
    heard: plan.heard,
    ...(namespace !== null && { within: namespace.command }),
  })
  await cleanup.hold(
    async () => process.start(),
    () => process.stop(),
  )
  return { name, process, proxy, namespace }
}

function joinArguments({ name, file, token, folder, device }: WorkerPlacePlan, url: string): string[] {
  const state = ['--data-dir', join(folder, 'home', name), '--state-dir', join(folder, 'state', name)]
  return ['join', url, '--name', name, '--data', file, '--token', token, '--device', device, '--threads', '1', ...state]
}

/** Put a fault on a worker's way, or take away the one that is there. */
export async function setFault(
  { proxy, namespace }: WorkerPlace,
  fault: NetworkFault | null,
  places: readonly FaultPlace[],
): Promise<void> {
  if (places.includes('proxy')) proxy.set(fault)
  if (places.includes('kernel')) await namespace?.set(fault)
}
