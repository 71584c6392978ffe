import type { BaseChange, Fold } from '@tessera/aggregators'
import { hashBytes } from '@tessera/protocol'
import { type BlobHash, type Coordinates, FedError, unwrap } from '@tessera/vocabulary'
import { scheduleHash, startCoordinates } from './adapter-replay.ts'
import { decodeCoordinates, decodeFactors, encodeCoordinates, encodeFactors } from './artefacts.ts'
import { addBaseChanges, decodeBaseChanges, encodeBaseChanges } from './base-change.ts'
import { sentMove } from './downlink.ts'
import type { Duty } from './duty.ts'
import { encodeFrozen, withArtefactRanks } from './frozen-factors.ts'
import { moved } from './moved-coordinates.ts'
import type { Attachments, Blob, Ports, Store, StoredMetric, StoredVersion, Workbench } from './ports.ts'
import { rankStep } from './rank-step.ts'
import { reducePass } from './reduction.ts'
import type { RunEvent } from './run-events.ts'
import type { RunRecord, RunState, Stage } from './run-state.ts'
import { serverStep } from './server-step.ts'
import { passCount, type StageSetting, sourceOf, stageLayout, trainLayout, withRanks } from './stage-layout.ts'
import type { Start } from './start.ts'

export type DutyResult = { readonly event: RunEvent } & Attachments

/** All that the coordinator's own work needs of the world. */
export type DutyPorts = Pick<Ports, 'clock' | 'workbench'> & { readonly store: Pick<Store, 'readBlob'> }

/** A version of the adapter, by name, and what was added to the base weights with it. */
export type Version = Pick<StoredVersion, 'round' | 'factors' | 'coordinates'> & Pick<RunState, 'baseChange'>

/** The coordinator's own work in a run. Each duty may be repeated: the same state gives the same bytes. */
export class RunDuties {
  readonly #record: RunRecord
  readonly #ports: DutyPorts

  constructor(record: RunRecord, ports: DutyPorts) {
    this.#record = record
    this.#ports = ports
  }

  async perform(duty: Duty, state: RunState, fold: () => Promise<Fold>): Promise<DutyResult> {
    switch (duty) {
      case 'make-factors':
        return this.#factorsMade(await this.#ports.workbench.makeFactors(this.#record))
      case 'reduce-pass':
        return this.#reducePass(state, await fold())
      case 'aggregate':
        return this.#aggregate(state, await fold())
      case 'commit':
        return this.#commit(state)
    }
  }

  /** The measurements of one version. */
  async evaluate({ round, ...version }: Version): Promise<readonly StoredMetric[]> {
    const factors = await this.#read(version.factors)
    const record = unwrap(withArtefactRanks(this.#record, factors))
    const coordinates = await this.#coordinates(record, version.coordinates)
    const baseChange = await this.#readIfAny(version.baseChange)
    return this.#ports.workbench.evaluate(record, { round, factors, coordinates, baseChange })
  }

  async #reducePass(state: RunState, fold: Fold): Promise<DutyResult> {
    const pass = (state.stage as Stage).index
    const panels = state.panel === null ? null : unwrap(decodeFactors(await this.#read(state.panel)))
    const last = pass + 1 === passCount(this.#record)
    const weightOf = last ? await this.#weights() : null
    const reduction = reducePass(this.#record, pass, { panels, mean: fold.finish(), weightOf })
    if (reduction.done) return { ...this.#factorsMade(reduction.start), ...this.#forget(state) }
    if (last) throw new FedError('internal', 'the last pass gave no factors')
    const panel = blobOf(encodeFactors(reduction.panels))
    return { event: { type: 'pass-reduced', panel: panel.hash }, blobs: [panel], ...this.#forget(state) }
  }

  /** The base weights, where the initialisation reads them. */
  async #weights(): Promise<Awaited<ReturnType<NonNullable<Workbench['weightOf']>>> | null> {
    return sourceOf(this.#record)?.weight ? ((await this.#ports.workbench.weightOf?.(this.#record)) ?? null) : null
  }

  #factorsMade({ factors: factorSet, ...told }: Start): DutyResult {
    const setting = withRanks(this.#record, told)
    const factors = blobOf(encodeFrozen(setting, factorSet))
    const first = startCoordinates(setting, factorSet)
    const start = blobOf(encodeCoordinates(first))
    const named = { factors: factors.hash, coordinates: start.hash, ...nextSchedule(setting, 1, first) }
    return {
      event: { type: 'factors-made', ...named, ...told },
      blobs: [factors, start],
      version: { round: 0, coordinates: start.hash, factors: factors.hash, updateNorm: 0 },
    }
  }

  /**
   * Received plus the server's step, in float64, rounded to float32 once; the ranks that the policy keeps of it; and the
   * base weights as the rule moves them.
   */
  async #aggregate(state: RunState, fold: Fold): Promise<DutyResult> {
    const setting = withRanks(this.#record, state)
    const stage = state.stage as Stage
    const [all, active] = [trainLayout(setting), stageLayout(setting, stage)]
    const received = await this.#coordinates(setting, state.coordinates as BlobHash)
    const mean = fold.finish()
    const before = await this.#readIfAny(state.server)
    const { update: wanted, after } = serverStep(setting.spec, { all, active, update: mean, before })
    const { update, step, unsent } = sentMove(setting, {
      ...{ layouts: { all, active }, round: stage.index, update: wanted },
      before: await this.#readIfAny(state.unsent),
    })
    const { largestUpdate, ranks, ...next } = rankStep(setting, {
      ...{ round: stage.index, layout: all, update: mean, server: after, largestUpdate: [...fold.maxAbs()] },
      coordinates: moved({ all, active }, received, update),
      before: await this.#readIfAny(state.rankMemory),
    })
    const coordinates = blobOf(encodeCoordinates(next.coordinates))
    const left = leftOf({
      server: next.server,
      baseChange: await this.#movedBase(setting, state, fold.rest?.() ?? []),
      rankMemory: next.memory,
      step,
      unsent,
      factors: ranks && encodeFrozen(withRanks(this.#record, { ranks }), {}),
    })
    const updateNorm = Math.sqrt(mean.reduce((sum, value) => sum + value * value, 0))
    const result = {
      ...{ coordinates: coordinates.hash, largestUpdate, updateNorm },
      ...left.hashes,
      ...(ranks && { ranks }),
      ...nextSchedule(setting, stage.index + 1, next.coordinates),
    }
    return {
      event: { type: 'aggregated', ...result },
      blobs: [coordinates, ...left.blobs],
      metrics: this.#measured(state, { 'update-norm': updateNorm, ...next.measures, ...fold.measures?.() }),
    }
  }

  /** The changes of the base weights with those of this round; null where it leaves none. */
  async #movedBase(setting: StageSetting, state: RunState, rest: readonly BaseChange[]) {
    if (rest.length === 0) return null
    const bytes = await this.#readIfAny(state.baseChange)
    const before = bytes === null ? [] : unwrap(decodeBaseChanges(bytes, setting.sites))
    return encodeBaseChanges(addBaseChanges(before, rest, setting.sites))
  }

  #measured({ stage }: RunState, values: Readonly<Record<string, number>>): StoredMetric[] {
    const shared = { round: (stage as Stage).index, clientId: null, at: this.#ports.clock.now() }
    return Object.entries(values).map(([name, value]) => ({ ...shared, name, value }))
  }

  async #commit(state: RunState): Promise<DutyResult> {
    const coordinates = state.coordinates as BlobHash
    const round = (state.stage as Stage).index
    return {
      event: { type: 'committed' },
      version: { round, coordinates, factors: state.factors as BlobHash, updateNorm: state.updateNorm ?? 0 },
      ...this.#forget(state),
    }
  }

  /** A stage whose result is stored needs its updates no longer, unless the run keeps them all. */
  #forget({ stage }: RunState): Pick<Attachments, 'forget'> {
    if (stage === null || this.#record.spec.persist.updates === 'keep-all') return {}
    return { forget: { kind: stage.kind, index: stage.index } }
  }

  async #coordinates(setting: StageSetting, hash: BlobHash): Promise<Float32Array> {
    return unwrap(decodeCoordinates(await this.#read(hash), trainLayout(setting).length))
  }

  async #readIfAny(hash: BlobHash | undefined): Promise<Uint8Array | null> {
    return hash === undefined ? null : this.#read(hash)
  }

  async #read(hash: BlobHash): Promise<Uint8Array> {
    const bytes = await this.#ports.store.readBlob(hash)
    if (bytes === null) throw new FedError('unknown-blob', `the store has no blob ${hash}`)
    return bytes
  }
}

/** What decides the random directions of the next round, where there are any. */
function nextSchedule(setting: StageSetting, round: number, coordinates: Coordinates): { schedule?: BlobHash } {
  const schedule = round > setting.spec.rounds.total ? null : scheduleHash(setting, round, coordinates)
  return schedule === null ? {} : { schedule }
}

/** The blobs that a round leaves, where it leaves them, and their hashes by what they are. */
function leftOf<Name extends string>(made: Readonly<Record<Name, Uint8Array | null>>) {
  const left = Object.entries<Uint8Array | null>(made).flatMap(([name, bytes]) =>
    bytes === null ? [] : [[name, blobOf(bytes)] as const],
  )
  const hashes = Object.fromEntries(left.map(([name, { hash }]) => [name, hash]))
  return { hashes: hashes as { readonly [_ in Name]?: BlobHash }, blobs: left.map(([, blob]) => blob) }
}

const blobOf = (bytes: Uint8Array): Blob => ({ hash: hashBytes(bytes), bytes })
