import type { Executor } from '@tessera/compiler'
import type { Identity } from './identity.ts'
import type { LocalData } from './local-data.ts'
import type { WorkerReport } from './report.ts'

export interface WorkerOptions {
  readonly url: string
  readonly token: string
  readonly identity: Identity
  readonly data: LocalData
  readonly executor: Executor
  /** Largest rank to train, in runs of any rank; everything when absent. */
  readonly largestRank?: number | undefined
  /** It computes losses and no gradients: enough for runs in a subspace that goes by losses. */
  readonly forwardOnly?: boolean | undefined
  /** Folder for downloaded blobs; workers of one machine may share it. */
  readonly cacheFolder: string
  /** Folder of this client alone, for results that the coordinator has not taken yet. */
  readonly stateFolder: string
  readonly software: string
  readonly report: (report: WorkerReport) => void
}
