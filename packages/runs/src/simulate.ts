import type { Executor } from '@tessera/compiler'
import {
  type BaseChange,
  type Clock,
  createAdapterReplay,
  createMemoryStore,
  decodeBaseChanges,
  decodeCoordinates,
  decodeFrozen,
  Engine,
  type Log,
  type Observer,
  type Residual,
  type RunRecord,
  type RunState,
  type Store,
  type StoredMetric,
  type Transport,
  trainLayout,
  withRanks,
} from '@tessera/federation'
import type { BaseModel } from '@tessera/models'
import { type Assignment, hashBytes } from '@tessera/protocol'
import { readExamples, tokenizeExamples } from '@tessera/trainer'
import { type BlobHash, type ClientId, clientId, FedError, runId, unwrap } from '@tessera/vocabulary'
import { AssignmentRunner, gatherMaterials } from './assignment-runner.ts'
import { baseWeights } from './base-weights.ts'
import { packWork } from './pack-work.ts'
import { createRunRecord } from './run-record.ts'
import type { RunSpec } from './run-spec.ts'
import { createWorkbench } from './workbench.ts'

export interface Simulation {
  readonly spec: RunSpec
  readonly model: BaseModel
  readonly executor: Executor
  /** Each client's JSONL by its id. */
  readonly clients: Readonly<Record<string, string>>
  /** The largest rank that a client trains, by its id; the run's where none is named. */
  readonly largestRanks?: Readonly<Record<string, number>>
  /** Clients whose workers compute losses only, by their ids. */
  readonly forwardOnly?: readonly string[]
  /** Files that the specification names, by name: evaluation and calibration. */
  readonly files?: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly log: Log
  readonly onMetrics?: (metrics: readonly StoredMetric[]) => void
  readonly onUpdate?: (update: SentUpdate) => void
}

/** An update that was taken. */
export interface SentUpdate {
  readonly kind: Assignment['kind']
  /** 0 for a pass before round 1. */
  readonly round: number
  readonly clientId: ClientId
  /** Length of its encoded form. */
  readonly bytes: number
}

export interface SimulationResult {
  /** With the ranks of its sites, where the initialisation gave each its own. */
  readonly record: RunRecord
  readonly state: RunState
  readonly frozen: Readonly<Record<string, Float32Array>>
  readonly coordinates: Float32Array
  /** The coordinates of the adapter: the same, or where the run's numbers have moved them to in its subspace. */
  readonly adapted: Float32Array
  readonly coordinatesHash: BlobHash
  /** What the rounds have added to the base weights. */
  readonly baseChange: readonly BaseChange[]
}

/**
 * A whole federation in one process: the same engine, the same work, the same codecs as over a network; only the
 * transport hands messages over directly. Clients train one after the other on the one executor.
 *
 * @throws {FedError} `run-failed` when the run pauses or is abandoned, with its reason; the first error of a client.
 */
export async function simulate(simulation: Simulation): Promise<SimulationResult> {
  const { spec, model, executor, clock } = simulation
  const store = createMemoryStore()
  const record = createRunRecord({ runId: runId('simulation'), spec, model, files: [], createdAt: clock.now() })
  const runners = runnersOf(simulation)
  let settle: (state: RunState) => void = () => {}
  let fail: (error: unknown) => void = () => {}
  const settled = new Promise<RunState>((resolve, reject) => {
    settle = resolve
    fail = reject
  })
  const observer: Observer = {
    changed: (_record, state) => {
      if (['finished', 'paused', 'abandoned'].includes(state.phase)) settle(state)
    },
    measured: (_record, metrics) => simulation.onMetrics?.(metrics),
  }
  const readText = async (file: string): Promise<string> => textOf(simulation, file)
  const workbench = createWorkbench({
    executor: async () => executor,
    model: async () => model,
    readText,
    now: clock.now,
  })
  const deliver: Deliver = async (...delivery) => void unwrap(await engine.receive(...delivery))
  const transport = directTransport(store, runners, { deliver, fail, onUpdate: simulation.onUpdate })
  const engine = new Engine({ clock, log: simulation.log, transport, store, workbench, observer })
  await engine.createRun(record)
  for (const [id, runner] of runners) await engine.join(id, runner.rows)
  const state = await settled.finally(async () => {
    await engine.close()
    for (const { runner } of runners.values()) await runner.dispose()
  })
  return resultOf(record, state, { store, model })
}

interface SimulatedClient {
  readonly runner: AssignmentRunner
  readonly rows: number
  /** What its last update has left. */
  residual: Residual | null
}

function runnersOf(simulation: Simulation): Map<ClientId, SimulatedClient> {
  const { spec, model, executor, clients, largestRanks = {}, forwardOnly = [] } = simulation
  const entries = Object.entries(clients).map(([name, jsonl]): [ClientId, SimulatedClient] => {
    const rows = unwrap(readExamples(jsonl, spec.data))
    const examples = tokenizeExamples(rows, { tokenizer: model.tokenizer, maxLength: spec.data.maxLength })
    const id = clientId(name)
    const able = { largestRank: largestRanks[name], forwardOnly: forwardOnly.includes(name) }
    const runner = new AssignmentRunner({ clientId: id, executor, model, examples, ...able })
    return [id, { runner, rows: rows.length, residual: null }]
  })
  return new Map(entries)
}

type Deliver = (...delivery: Parameters<Engine['receive']>) => Promise<void>

/** Clients work one after the other, in the order in which they were asked; what is called off is passed over. */
function directTransport(
  store: Store,
  clients: Map<ClientId, SimulatedClient>,
  {
    deliver,
    fail,
    onUpdate,
  }: { deliver: Deliver; fail: (error: unknown) => void; onUpdate: Simulation['onUpdate'] | undefined },
): Transport {
  let last: Promise<unknown> = Promise.resolve()
  const calledOff = new Set<string>()
  const work = async (id: ClientId, assignment: Assignment): Promise<void> => {
    if (calledOff.delete(assignment.assignmentId)) return
    const client = clients.get(id) as SimulatedClient
    const materials = await gatherMaterials(assignment, (hash) => store.readBlob(hash))
    const given = { assignment, materials, before: client.residual }
    const { update, sought, weight, metrics } = await client.runner.run(given)
    const { codec, bytes, residual } = packWork({ ...given, clientId: id, update, sought })
    const stored = {
      assignmentId: assignment.assignmentId,
      clientId: id,
      weight,
      codec,
      length: update.length,
      hash: hashBytes(bytes),
      bytes,
    }
    await deliver(assignment.runId, stored, metrics)
    client.residual = residual ?? client.residual
    const { kind, round } = assignment
    onUpdate?.({ kind, round, clientId: id, bytes: bytes.length })
  }
  return {
    assign(id, assignment) {
      last = last.then(() => work(id, assignment)).catch(fail)
    },
    cancel(_id, { assignmentId }) {
      calledOff.add(assignmentId)
    },
  }
}

async function resultOf(
  run: RunRecord,
  state: RunState,
  { store, model }: { store: Store; model: BaseModel },
): Promise<SimulationResult> {
  if (state.phase !== 'finished') throw new FedError('run-failed', state.message ?? `the run is ${state.phase}`)
  const coordinatesHash = state.coordinates as BlobHash
  const [factors, coordinates, baseChange] = await Promise.all([
    store.readBlob(state.factors as BlobHash),
    store.readBlob(coordinatesHash),
    state.baseChange ? store.readBlob(state.baseChange) : null,
  ])
  const record = withRanks(run, state)
  const weightOf = baseWeights(model)
  const frozen = unwrap(decodeFrozen(run, factors as Uint8Array, weightOf))
  const last = unwrap(decodeCoordinates(coordinates as Uint8Array, trainLayout(record).length))
  return {
    record,
    state,
    coordinatesHash,
    baseChange: baseChange === null ? [] : unwrap(decodeBaseChanges(baseChange, run.sites)),
    frozen,
    coordinates: last,
    adapted: createAdapterReplay(record, { frozen, weightOf }).at(last),
  }
}

function textOf({ files = {} }: Simulation, file: string): string {
  const text = files[file]
  if (text === undefined) throw new FedError('file-not-found', `the simulation was given no file ${file}`)
  return text
}
