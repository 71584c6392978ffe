import type { Assignment as AssignmentMessage } from '@tessera/protocol'
import type { AssignmentId, BlobHash, ClientId, RunId, Site } from '@tessera/vocabulary'
import type { TimedEvent } from './run-events.ts'
import type { RunRecord, RunState, Stage } from './run-state.ts'
import type { Start } from './start.ts'

/** Milliseconds since 1970, and a way to be woken. */
export interface Clock {
  now(): number
  /** Calls `wake` once at that time or soon after; the answer takes it back. */
  wakeAt(at: number, wake: () => void): () => void
}

/** The log for people who run the coordinator; never the wire. */
export interface Log {
  info(message: string, data?: Readonly<Record<string, unknown>>): void
  warn(message: string, data?: Readonly<Record<string, unknown>>): void
  error(message: string, data?: Readonly<Record<string, unknown>>): void
}

/** What reaches the workers. Sends may be lost: the engine repeats them when the client is back. */
export interface Transport {
  assign(clientId: ClientId, message: AssignmentMessage): void
  cancel(clientId: ClientId, work: { runId: RunId; round: number; assignmentId: AssignmentId; reason: string }): void
}

/** A stage of a run, by name. */
export type StageName = Pick<Stage, 'kind' | 'index'>

/** An encoded update as it arrived. */
export interface StoredUpdate {
  readonly assignmentId: AssignmentId
  readonly clientId: ClientId
  readonly weight: number
  /** Its name; its options are the run's. */
  readonly codec: string
  readonly length: number
  /** SHA-256 of `bytes`. */
  readonly hash: BlobHash
  readonly bytes: Uint8Array
}

export interface StoredMetric {
  readonly round: number
  readonly name: string
  readonly clientId: ClientId | null
  readonly value: number
  readonly at: number
}

export interface StoredVersion {
  readonly round: number
  readonly coordinates: BlobHash
  readonly factors: BlobHash
  readonly updateNorm: number
}

/** An event as the log holds it. */
export interface LoggedEvent {
  readonly seq: number
  readonly event: TimedEvent
  /** The head of the hash chain after it. */
  readonly head: BlobHash
}

export interface Blob {
  readonly hash: BlobHash
  readonly bytes: Uint8Array
}

/** Everything that one transition writes; all of it is stored, or nothing. */
export interface Commit {
  readonly runId: RunId
  readonly event: TimedEvent
  /** The state after the event; `state.seq` is the event's number, and the store refuses one that it has. */
  readonly state: RunState
  readonly update?: StoredUpdate
  readonly blobs?: readonly Blob[]
  readonly version?: StoredVersion
  readonly metrics?: readonly StoredMetric[]
  /** The stage whose updates are no longer needed: their bytes go, their hashes stay. */
  readonly forget?: StageName
}

/** What a commit writes besides the event and the state. */
export type Attachments = Pick<Commit, 'update' | 'blobs' | 'version' | 'metrics' | 'forget'>

/** Durable memory of the coordinator: memory for tests, PostgreSQL for people; one suite judges both. */
export interface Store {
  createRun(record: RunRecord, state: RunState): Promise<void>
  /** All runs with their last state, oldest first. */
  loadRuns(): Promise<readonly { readonly record: RunRecord; readonly state: RunState }[]>
  commit(commit: Commit): Promise<void>
  /** A run's log, oldest first. @throws {FedError} 'unknown-run' */
  eventsOf(runId: RunId): AsyncIterable<LoggedEvent>
  /** The updates that one stage counts and that are still kept, in any order, one in memory at a time. */
  updatesOf(runId: RunId, stage: StageName): AsyncIterable<StoredUpdate>
  updateHash(assignmentId: AssignmentId): Promise<BlobHash | null>
  versionsOf(runId: RunId): Promise<readonly (StoredVersion & { readonly evaluated: boolean })[]>
  /** The measurements of one version; with them it counts as evaluated. Measuring again replaces the numbers. */
  addEvaluation(runId: RunId, round: number, metrics: readonly StoredMetric[]): Promise<void>
  /** Remove a run with all that belongs to it alone. @throws {FedError} 'unknown-run' */
  deleteRun(runId: RunId): Promise<void>
  readBlob(hash: BlobHash): Promise<Uint8Array | null>
  /** Part of a blob; null when there is no complete blob of that hash. */
  readBlobRange(
    hash: BlobHash,
    range: { offset: number; length: number },
  ): Promise<{ size: number; bytes: Uint8Array } | null>
}

/** The work at the coordinator that needs the base model. */
export interface Workbench {
  /** What a run starts from whose initialisation asks no client. */
  makeFactors(record: RunRecord): Promise<Start>
  /** The base weights, [outDim, inDim], for what reads them; absent where there is no base model. */
  weightOf?(record: RunRecord): Promise<(site: Site) => Float32Array>
  /** Measurements of one version on the run's evaluation file; none when the run has no such file. */
  evaluate(
    record: RunRecord,
    version: { round: number; factors: Uint8Array; coordinates: Float32Array; baseChange: Uint8Array | null },
  ): Promise<readonly StoredMetric[]>
}

/** Told after every stored transition; the dashboard's live feed hangs on it. */
export interface Observer {
  changed(record: RunRecord, state: RunState, event: TimedEvent): void
  measured(record: RunRecord, metrics: readonly StoredMetric[]): void
}

export interface Ports {
  readonly clock: Clock
  readonly log: Log
  readonly transport: Transport
  readonly store: Store
  readonly workbench: Workbench
  readonly observer: Observer
}
