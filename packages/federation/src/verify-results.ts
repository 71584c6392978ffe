import type { Fold } from '@tessera/aggregators'
import { hashBytes } from '@tessera/protocol'
import { type BlobHash, FedError } from '@tessera/vocabulary'
import { type Duty, dutyOf } from './duty.ts'
import { firstDifference, type ValueDifference } from './first-difference.ts'
import { LogAltered } from './log-altered.ts'
import type { Clock, LoggedEvent, StoredVersion, Workbench } from './ports.ts'
import type { RunArchive } from './run-archive.ts'
import { RunDuties } from './run-duties.ts'
import type { RunState } from './run-state.ts'
import { dataPlaceOf } from './stage-layout.ts'
import { foldUpdates, type ReceivedUpdates } from './verify-updates.ts'

/**
 * How far a result was checked: made again from the updates; by hashes only, because the bytes of the updates are
 * dropped; or not at all, because the base model is not at hand or this machine computes other bits from it.
 */
export type ResultCheck = 'recomputed' | 'hashes only' | 'not recomputed'

export interface CheckedResult {
  readonly updates: number
  readonly check: ResultCheck
  /** The coordinates; of a pass that is not the last, its panel. */
  readonly made: BlobHash
}

/** An event that ends a duty of the coordinator. */
type ResultEvent = Extract<LoggedEvent['event'], { type: 'pass-reduced' | 'factors-made' | 'aggregated' | 'committed' }>

/** Times are the log's. */
const STANDING_CLOCK: Clock = { now: () => 0, wakeAt: () => () => {} }

/** Performs the coordinator's duties again, and compares what comes of them with the log and the stored versions. */
export class ResultChecker {
  readonly #archive: RunArchive
  readonly #workbench: Workbench
  /** What the last result consists of, and the next duty starts from: it need not be fetched twice. */
  #made: ReadonlyMap<BlobHash, Uint8Array> = new Map()
  /** The coordinates or the panel among them. */
  #last: BlobHash | null = null
  /** How the sum of the round under way was checked. */
  #aggregation: ResultCheck = 'recomputed'

  constructor(archive: RunArchive, workbench: Workbench) {
    this.#archive = archive
    this.#workbench = workbench
  }

  /** What the event made, checked; null where it ends neither a pass, nor the initialisation, nor a round. */
  async check(state: RunState, row: LoggedEvent, received: ReceivedUpdates): Promise<CheckedResult | null> {
    const { event } = row
    const duty = dutyOf(state)
    if (duty === null || !isResult(event)) return null
    const check = await this.#perform(duty, state, row, received)
    if (event.type !== 'committed') await this.#readMade(row, event)
    this.#requireVersion(row, versionOf(event, state))
    if (event.type === 'aggregated') this.#aggregation = check
    return event.type === 'aggregated' ? null : { updates: received.size, check, made: this.#last as BlobHash }
  }

  /** Versions that no event made; those of a run that goes on may have been made since its log was read. */
  requireNoOtherVersions({ seq, phase, round, factors }: RunState): void {
    const last = factors === null ? -1 : round
    const other = this.#archive.versions.find((version) => version.round > last)
    if (other === undefined || (phase !== 'finished' && phase !== 'abandoned')) return
    const meaning = 'a version is stored that no event made'
    throw new LogAltered({ seq }, { field: `version ${other.round}`, stored: other, recomputed: null, meaning })
  }

  async #perform(duty: Duty, state: RunState, row: LoggedEvent, received: ReceivedUpdates): Promise<ResultCheck> {
    if (duty === 'commit') return this.#aggregation
    const fold = duty === 'make-factors' ? null : await foldUpdates(this.#archive, state, received)
    if (fold === null && duty !== 'make-factors') return 'hashes only'
    try {
      const difference = await this.#remake(duty, state, row, fold)
      if (difference !== null && dependsOnMachine(this.#archive, row)) return 'not recomputed'
      requireSame(row, difference)
      return 'recomputed'
    } catch (error) {
      if (error instanceof FedError && error.code === 'not-verified') return 'not recomputed'
      throw error
    }
  }

  async #remake(duty: Duty, state: RunState, row: LoggedEvent, fold: Fold | null): Promise<ValueDifference | null> {
    const duties = new RunDuties(this.#archive.record, {
      store: { readBlob: async (hash) => this.#made.get(hash) ?? this.#readBlob(row, hash) },
      workbench: this.#workbench,
      clock: STANDING_CLOCK,
    })
    const { event } = await duties.perform(duty, state, async () => fold as Fold)
    return firstDifference(row.event, JSON.parse(JSON.stringify({ ...event, at: row.event.at })))
  }

  async #readMade(row: LoggedEvent, event: Exclude<ResultEvent, { type: 'committed' }>): Promise<void> {
    const hashes = madeBy(event)
    const blobs = new Map<BlobHash, Uint8Array>()
    for (const hash of hashes) blobs.set(hash, await this.#readBlob(row, hash))
    this.#made = blobs
    this.#last = hashes[0] ?? null
  }

  async #readBlob(row: LoggedEvent, hash: BlobHash): Promise<Uint8Array> {
    const bytes = await this.#archive.blob(hash)
    const stored = bytes === null ? null : hashBytes(bytes)
    if (bytes !== null && stored === hash) return bytes
    const meaning =
      bytes === null ? 'what was made is not stored whole any more' : 'what is stored is not what was made'
    throw new LogAltered(row, { field: `blob ${hash}`, stored, recomputed: hash, meaning })
  }

  #requireVersion(row: LoggedEvent, version: StoredVersion | null): void {
    if (version === null) return
    const stored = this.#archive.versions.find(({ round }) => round === version.round)
    const { coordinates = null, factors = null, updateNorm = null } = stored ?? {}
    const found = firstDifference({ round: version.round, coordinates, factors, updateNorm }, version)
    if (found === null) return
    const meaning = 'the stored version is not the one that was committed'
    const field = `version ${version.round}: ${found.path}`
    throw new LogAltered(row, { field, stored: found.left, recomputed: found.right, meaning })
  }
}

function isResult(event: LoggedEvent['event']): event is ResultEvent {
  return ['pass-reduced', 'factors-made', 'aggregated', 'committed'].includes(event.type)
}

function requireSame(row: LoggedEvent, difference: ValueDifference | null): void {
  if (difference === null) return
  const { path, left, right } = difference
  const meaning = 'what the log says was made is not what the coordinator would make'
  throw new LogAltered(row, { field: path, stored: left ?? null, recomputed: right ?? null, meaning })
}

/** Gradients and activations of a calibration file: their last bits are those of the executor that computed them. */
function dependsOnMachine({ record }: RunArchive, { event }: LoggedEvent): boolean {
  return event.type === 'factors-made' && dataPlaceOf(record)?.kind === 'calibration'
}

/** The blobs that an event names, first the one that stands for all. */
function madeBy(event: Exclude<ResultEvent, { type: 'committed' }>): BlobHash[] {
  if (event.type === 'pass-reduced') return [event.panel]
  if (event.type === 'factors-made') return [event.coordinates, event.factors]
  const { coordinates, server, baseChange, rankMemory, factors, step, unsent } = event
  return [coordinates, server, baseChange, rankMemory, factors, step, unsent].filter((hash) => hash !== undefined)
}

/** The version that an event brings. */
function versionOf(event: ResultEvent, state: RunState): StoredVersion | null {
  if (event.type === 'factors-made') {
    return { round: 0, coordinates: event.coordinates, factors: event.factors, updateNorm: 0 }
  }
  const { stage, coordinates, factors, updateNorm } = state
  if (event.type !== 'committed' || stage === null || coordinates === null || factors === null) return null
  return { round: stage.index, coordinates, factors, updateNorm: updateNorm ?? 0 }
}
