import { type AdapterLayout, type FactorSet, factorKey, flatten, unflatten } from '@tessera/adapters'
import type { Executor } from '@tessera/compiler'
import {
  adapterLayout,
  decodeBaseChanges,
  decodeCoordinates,
  decodeFactors,
  decodeFrozen,
  encodeFactors,
  frameOf,
  innerResidual,
  type Residual,
  requireSchedule,
  roundLayout,
  type Sought,
  type StageSetting,
  subspaceFeedsBack,
  trainLayout,
  withArtefactRanks,
} from '@tessera/federation'
import { fnv1a32 } from '@tessera/math'
import type { BaseModel } from '@tessera/models'
import { type Assignment, hashBytes } from '@tessera/protocol'
import {
  type Cancellation,
  createTrainingSession,
  type LocalRound,
  needsGradients,
  probeRound,
  type SubspaceRound,
  subspaceRound,
  type TokenizedExample,
  type TrainingSession,
  trainRound,
} from '@tessera/trainer'
import { type BlobHash, type ClientId, FedError, type Update, unwrap } from '@tessera/vocabulary'
import { baseWeights } from './base-weights.ts'
import { changedModel } from './changed-model.ts'
import { type KeptReplay, keptReplay } from './kept-replay.ts'
import { momentsUpdate, probeWork } from './probe-work.ts'
import { parseRunSpec, type RunSpec } from './run-spec.ts'

/** What a client brings to every assignment. */
export interface Workplace {
  readonly clientId: ClientId
  readonly executor: Executor
  readonly model: BaseModel
  readonly examples: readonly TokenizedExample[]
  /** Trained at most, in runs of any rank; their methods must have nested ranks. Everything when absent. */
  readonly largestRank?: number | undefined
  /** It computes losses only: enough for subspaces that go by losses. */
  readonly forwardOnly?: boolean | undefined
}

/** The blobs that an assignment names. */
export interface Materials {
  readonly artefact: Uint8Array | null
  readonly coordinates: Uint8Array | null
  readonly baseChange: Uint8Array | null
}

/** All blobs that an assignment names, from wherever they are read. */
export async function gatherMaterials(
  { artefact, coordinates, baseChange }: Assignment,
  read: (hash: BlobHash) => Promise<Uint8Array | null>,
): Promise<Materials> {
  const blob = async (hash: BlobHash | null) => (hash === null ? null : read(hash))
  return {
    artefact: await blob(artefact),
    coordinates: await blob(coordinates),
    baseChange: await blob(baseChange),
  }
}

export interface Work {
  readonly assignment: Assignment
  readonly materials: Materials
  /** What the client's last update in the run has left; null before the first. */
  readonly before: Residual | null
  readonly onProgress?: (progress: WorkProgress) => void
  readonly signal?: Cancellation
}

export interface WorkProgress {
  readonly step: number
  readonly steps: number
  /** Mean loss of the last step's batch; null where the work has none. */
  readonly loss: number | null
}

export interface Outcome {
  readonly update: Update
  /** What the update stands for, where its subspace feeds back what the update does not say of it; else null. */
  readonly sought: Sought | null
  /** Number of examples that the update stands for. */
  readonly weight: number
  readonly metrics: Readonly<Record<string, number>>
}

type Trained = LocalRound & Partial<Pick<SubspaceRound, 'measured'>> & Partial<Pick<Outcome, 'sought'>>

/** Does assignments, one at a time; compiled steps are kept as long as base weights and frozen factors stay the same. */
export class AssignmentRunner {
  readonly #workplace: Workplace
  #replay: KeptReplay | null = null
  #kept: { readonly key: string; readonly session: TrainingSession } | null = null

  constructor(workplace: Workplace) {
    this.#workplace = workplace
  }

  /**
   * @throws {FedError} `invalid-config`: the assignment's specification, or a method that has no smaller ranks;
   * `invalid-residual`: `before` is of another run or client, or not whole; `not-finite`; `cancelled`.
   */
  async run(work: Work): Promise<Outcome> {
    const spec = unwrap(parseRunSpec(work.assignment.spec))
    const setting: StageSetting = { spec, sites: work.assignment.sites }
    const weight = this.#workplace.examples.length
    if (work.assignment.kind === 'probe') {
      return { update: await this.#probe(work, spec, setting), sought: null, weight, metrics: {} }
    }
    const { update, metrics, measured = {}, sought = null } = await this.#train(work, spec, setting)
    return {
      update,
      sought,
      weight,
      metrics: {
        'train-loss': metrics.trainLoss,
        'last-loss': metrics.lastLoss,
        'tokens': metrics.tokens,
        ...this.#trainedRank(spec),
        ...measured,
      },
    }
  }

  async dispose(): Promise<void> {
    await this.#kept?.session.dispose()
    this.#kept = null
    this.#replay = null
  }

  async #train(
    { assignment, materials, before, ...reports }: Work,
    spec: RunSpec,
    run: StageSetting,
  ): Promise<Trained> {
    const { artefact, coordinates } = materials
    if (artefact === null || coordinates === null) throw missing('a round needs frozen factors and coordinates')
    const setting = unwrap(withArtefactRanks(run, artefact))
    if (frameOf(spec) !== null)
      return this.#trainInSubspace({ assignment, materials, before, ...reports }, spec, setting)
    this.#requireGradients()
    const layout = trainLayout(setting)
    const active = roundLayout(setting, assignment.round)
    const factors = unflatten(layout, unwrap(decodeCoordinates(coordinates, layout.length)))
    const resting = without(factors, active)
    const { runId, round } = assignment
    const key = `train ${runId} ${assignment.artefact} ${assignment.baseChange} ${hashBytes(encodeFactors(resting))}`
    const session = await this.#session(key, () => ({
      model: this.#changed(setting, materials),
      layout: active,
      frozen: { ...this.#frozen(setting, artefact), ...resting },
    }))
    return trainRound({
      ...this.#identity(spec),
      ...reports,
      session,
      coordinates: flatten(active, factors),
      train: spec.train,
      largestRank: this.#workplace.largestRank,
      round,
      rounds: spec.rounds.total,
    })
  }

  /** The adapter's coordinates come from the run's, and the change goes back into the numbers of the subspace. */
  async #trainInSubspace({ assignment, materials, before, ...reports }: Work, spec: RunSpec, setting: StageSetting) {
    const { model, clientId, largestRank, forwardOnly } = this.#workplace
    if (largestRank !== undefined) throw noSmallerRank()
    const { runId, round, schedule } = assignment
    const place = assignment.place ?? 0
    const { artefact, coordinates } = materials as { artefact: Uint8Array; coordinates: Uint8Array }
    const received = unwrap(decodeCoordinates(coordinates, trainLayout(setting).length))
    const key = `train ${runId} ${assignment.artefact}`
    const kept = keptReplay(this.#replay, key, { setting, artefact, model })
    this.#replay = kept
    const directions = kept.replay.directions(round, received)
    requireSchedule(directions, schedule)
    const of = { ...setting, clientId, runId, round, kind: 'train', artefact: assignment.artefact as BlobHash } as const
    const left = subspaceFeedsBack(spec) ? innerResidual(of, before) : null
    const session = await this.#session(key, () => ({ model, layout: adapterLayout(setting), frozen: kept.frozen }))
    const { sum, ...trained } = await subspaceRound({
      ...this.#identity(spec),
      ...reports,
      session,
      directions,
      place,
      left,
      ...(forwardOnly && { forwardOnly }),
      coordinates: kept.replay.at(received),
      train: spec.train,
      round,
      rounds: spec.rounds.total,
    })
    const moved = (stretch: Float32Array): Float32Array => kept.replay.moved(round, received, stretch)
    return { ...trained, sought: sum && { sum, place, moved } }
  }

  #requireGradients(): void {
    if (this.#workplace.forwardOnly) throw needsGradients('the run')
  }

  /** Told where a largest rank is set. */
  #trainedRank({ adapter }: RunSpec): Readonly<Record<string, number>> {
    const { largestRank } = this.#workplace
    return largestRank === undefined ? {} : { rank: Math.min(largestRank, Number(adapter.rank)) }
  }

  async #probe(
    { assignment, materials, onProgress, signal }: Work,
    spec: RunSpec,
    setting: StageSetting,
  ): Promise<Update> {
    const { artefact } = materials
    const panels = artefact === null ? null : unwrap(decodeFactors(artefact))
    const work = probeWork(setting, assignment.pass, panels)
    const report =
      onProgress && ((progress: { step: number; steps: number }) => onProgress({ ...progress, loss: null }))
    const { executor, model } = this.#workplace
    const options = {
      ...this.#identity(spec),
      ...(report && { onProgress: report }),
      ...(signal && { signal }),
    }
    const moments = await momentsUpdate(work, model, { ...options, executor })
    if (moments !== null) return moments
    this.#requireGradients()
    const key = `probe ${assignment.runId} ${assignment.pass} ${assignment.artefact}`
    const session = await this.#session(key, () => ({ model, layout: work.layout, frozen: work.frozen }))
    return probeRound({ ...options, ...work.rows, session })
  }

  #frozen(setting: StageSetting, artefact: Uint8Array): FactorSet {
    return unwrap(decodeFrozen(setting, artefact, baseWeights(this.#workplace.model)))
  }

  /** The base model as the rounds before have changed it. */
  #changed({ sites }: StageSetting, { baseChange }: Materials): BaseModel {
    const { model } = this.#workplace
    return baseChange === null ? model : changedModel(model, sites, unwrap(decodeBaseChanges(baseChange, sites)))
  }

  #identity({ seed }: RunSpec) {
    const { examples, clientId } = this.#workplace
    return { examples, seed, client: fnv1a32(clientId) }
  }

  async #session(
    key: string,
    subject: () => { model: BaseModel; layout: AdapterLayout; frozen: FactorSet },
  ): Promise<TrainingSession> {
    if (this.#kept?.key === key) return this.#kept.session
    await this.dispose()
    const session = createTrainingSession({ ...subject(), executor: this.#workplace.executor })
    this.#kept = { key, session }
    return session
  }
}

/** The trained factors that rest in a round: constants of its steps. */
function without(factors: FactorSet, { segments }: AdapterLayout): FactorSet {
  const active = new Set(segments.map(({ site, factor }) => factorKey(site, factor)))
  return Object.fromEntries(Object.entries(factors).filter(([key]) => !active.has(key)))
}

const noSmallerRank = (): FedError =>
  new FedError('invalid-config', 'a subspace moves all coordinates of the adapter, not those of a smaller rank', {
    fix: 'Join without a largest rank.',
  })

const missing = (message: string): FedError => new FedError('invalid-message', message)
