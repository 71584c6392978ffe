import type { AssignmentId, BlobHash, ClientId, RunId, Site } from '@tessera/vocabulary'
import type { FederationSpec } from './federation-spec.ts'
import type { SiteRanks } from './start.ts'

/** A run's phases; `paused` goes back to where it came from, `finished` and `abandoned` are ends. */
export const RUN_PHASES = [
  'recruiting',
  'initialising',
  'training',
  'aggregating',
  'committing',
  'paused',
  'finished',
  'abandoned',
] as const

export type RunPhase = (typeof RUN_PHASES)[number]

export interface ModelFile {
  readonly path: string
  readonly hash: BlobHash
  readonly size: number
}

/** What never changes in a run's life. */
export interface RunRecord {
  readonly runId: RunId
  /** The parsed specification; the parts that are not the federation's travel along untouched. */
  readonly spec: FederationSpec & Readonly<Record<string, unknown>>
  readonly sites: readonly Site[]
  readonly model: readonly ModelFile[]
  /** Bound on |update| of one coordinate in one round as it is read, by the local optimizer's and the codec's own bounds. */
  readonly updateBound: number
  /** When the run was made, milliseconds since 1970. */
  readonly createdAt: number
}

export interface Member {
  readonly examples: number
  /** Connected, or expected back: what a cohort is drawn from. */
  readonly present: boolean
}

/** One client's part of a stage. */
export interface Assignment {
  readonly id: AssignmentId
  readonly clientId: ClientId
  readonly status: 'open' | 'received' | 'failed'
  /** The weight of the update; 0 until it is received. */
  readonly weight: number
  /** Index of the stage that gave it out; less than the index of the stage that it is in when it is late. */
  readonly givenIn: number
  /** The coordinates that it starts from; null in a pass. */
  readonly from: BlobHash | null
  /** From 0, among the clients of the round, where each has a part of its own in what is sent. */
  readonly place?: number
}

/** A pass of the initialisation (index from 0) or a round (index from 1) that is under way. */
export interface Stage {
  readonly kind: 'probe' | 'train'
  readonly index: number
  readonly attempt: number
  readonly assignments: readonly Assignment[]
  /** It takes no more updates: what is left is the coordinator's own work. */
  readonly closed: boolean
  /** From now on a quorum is enough. */
  readonly softDeadlineAt: number
  /** Without a quorum by now, a new cohort is drawn. */
  readonly deadlineAt: number
  readonly grid: StageGrid
}

/** The public grid of a stage's exact sums. */
export interface StageGrid {
  /** One a segment of the layout: values are rounded to multiples of 2^exponent. */
  readonly exponents: readonly number[]
  /** No more than this total weight is summed. */
  readonly weightLimit: number
}

/** Why a run is paused; one that lacks disk space or its database goes on by itself. */
export type PauseCause = 'asked' | 'quorum' | 'failure' | 'disk-full'

/** A version of the coordinates by the version before it. */
export interface VersionStep {
  /** The packed step. */
  readonly hash: BlobHash
  /** The coordinates that it starts from. */
  readonly from: BlobHash
  /** The round that made it. */
  readonly round: number
}

/** What changes; a fold of the run's events, and plain JSON. */
export interface RunState {
  readonly seq: number
  /** Hash of the log up to event `seq`: see `run-log.ts`. */
  readonly head: BlobHash
  readonly phase: RunPhase
  /** Where a paused run goes on. */
  readonly pausedFrom: RunPhase | null
  readonly pauseCause: PauseCause | null
  /** Why the run is paused or abandoned. */
  readonly message: string | null
  readonly members: Readonly<Record<string, Member>>
  readonly stage: Stage | null
  /** What the last pass of the initialisation left for the next one. */
  readonly panel: BlobHash | null
  /** The frozen factors, known when the initialisation is done; others name them when a rank policy changes ranks. */
  readonly factors: BlobHash | null
  /** The adapter's rank at every site, where the initialisation or the rank policy gave each its own. */
  readonly ranks?: SiteRanks
  /** The coordinates of the last committed version. */
  readonly coordinates: BlobHash | null
  /** The step that led to them, where the run has a down-link codec: who has the version before needs no more. */
  readonly step?: VersionStep
  /** What the steps so far have left out. */
  readonly unsent?: BlobHash
  /** The coordinates before round 1, where the rule knows of them: see `foldContext`. */
  readonly restart?: BlobHash
  /** All that was added to the base weights so far: see `base-change.ts`. */
  readonly baseChange?: BlobHash
  /** What the server optimizer remembers. */
  readonly server?: BlobHash
  /** Hash of all that decides the random directions of the round under way, in a subspace. */
  readonly schedule?: BlobHash
  /** What the rank policy remembers. */
  readonly rankMemory?: BlobHash
  /** Number of the last committed round; 0 before the first. */
  readonly round: number
  /** Largest |value| of an update in the last round, one a segment. */
  readonly largestUpdate: readonly number[] | null
  /** L2 norm of the last aggregated update. */
  readonly updateNorm: number | null
  /** When recruiting gives up waiting for the full cohort and takes the quorum. */
  readonly recruitUntil: number
}

/** The number of a stage's round in messages and metrics: 0 for the passes before round 1. */
export const roundOf = ({ kind, index }: Pick<Stage, 'kind' | 'index'>): number => (kind === 'probe' ? 0 : index)
