import type { Residual } from '@tessera/federation'
import type { BaseModel } from '@tessera/models'
import { type Assignment, hashBytes } from '@tessera/protocol'
import {
  AssignmentRunner,
  type DoneWork,
  gatherMaterials,
  type Outcome,
  packWork,
  parseRunSpec,
  type RunSpec,
  type WorkProgress,
} from '@tessera/runs'
import type { Cancellation } from '@tessera/trainer'
import { unwrap } from '@tessera/vocabulary'
import { BaseModelCache } from './base-model-cache.ts'
import { type BlobDownloads, travelsAsBlob } from './blob-transfer.ts'
import { type FinishedWork, residualHash } from './finished-work.ts'
import { errorReport } from './report.ts'
import { coordinatesByStep } from './version-step.ts'
import type { WorkerOptions } from './worker-options.ts'

export interface BenchWork {
  /** What the client's last update in the run has left. */
  readonly before: Residual | null
  readonly signal: Cancellation
  readonly onProgress: (progress: WorkProgress) => void
}

/** Where assignments are done: fetches what one names, trains, and encodes what comes of it. */
export class Bench {
  readonly #options: Pick<WorkerOptions, 'identity' | 'data' | 'executor' | 'largestRank' | 'forwardOnly' | 'report'>
  readonly #downloads: BlobDownloads
  readonly #models: BaseModelCache
  #kept: { readonly data: string; readonly model: BaseModel; readonly runner: AssignmentRunner } | null = null

  constructor(
    options: Pick<WorkerOptions, 'identity' | 'data' | 'executor' | 'largestRank' | 'forwardOnly' | 'report'>,
    downloads: BlobDownloads,
  ) {
    this.#options = options
    this.#downloads = downloads
    this.#models = new BaseModelCache(downloads)
  }

  /** @throws {FedError} `cancelled`, one that passes such as `unreachable`, or why the work can not be done. */
  async produce(assignment: Assignment, { before, signal, onProgress }: BenchWork): Promise<FinishedWork> {
    const spec = unwrap(parseRunSpec(assignment.spec))
    const { kind, round } = assignment
    const { report } = this.#options
    const fetching = (done: number, of: number) => report({ type: 'fetching', done, of })
    const model = await this.#models.load(assignment.model, fetching)
    const astray = await coordinatesByStep(assignment, this.#downloads, fetching)
    if (astray !== null) report({ type: 'trouble', error: errorReport(astray), againInMs: null })
    const materials = await gatherMaterials(assignment, (hash) => this.#downloads.fetch(hash, fetching))
    const runner = await this.#runnerFor(spec, model)
    const outcome = await runner.run({
      ...{ assignment, materials, before, signal },
      onProgress(progress) {
        report({ type: 'progress', kind, round, rounds: spec.rounds.total, ...progress })
        onProgress(progress)
      },
    })
    return finished({ assignment, materials, before, clientId: this.#options.identity.clientId }, outcome)
  }

  async dispose(): Promise<void> {
    await this.#kept?.runner.dispose()
    this.#kept = null
  }

  async #runnerFor(spec: RunSpec, model: BaseModel): Promise<AssignmentRunner> {
    const { identity, executor, data, largestRank, forwardOnly } = this.#options
    const key = JSON.stringify(spec.data)
    if (this.#kept?.data === key && this.#kept.model === model) return this.#kept.runner
    await this.dispose()
    const examples = data.examples(spec.data, model.tokenizer)
    const able = { executor, largestRank, forwardOnly }
    const runner = new AssignmentRunner({ clientId: identity.clientId, model, examples, ...able })
    this.#kept = { data: key, model, runner }
    return runner
  }
}

function finished(
  work: Omit<DoneWork, 'update' | 'sought'>,
  { update, sought, weight, metrics }: Outcome,
): FinishedWork {
  const { runId, round, assignmentId, artefact, coordinates, baseChange } = work.assignment
  const { codec, bytes, residual } = packWork({ ...work, update, sought })
  return {
    from: { artefact, coordinates, baseChange, residual: residualHash(work.before) },
    message: {
      type: 'update',
      ...{ runId, round, assignmentId, weight, metrics },
      codec,
      length: update.length,
      blob: travelsAsBlob(bytes) ? hashBytes(bytes) : null,
    },
    bytes,
    residual,
  }
}
