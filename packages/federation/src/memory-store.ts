import { FedError, type RunId } from '@tessera/vocabulary'
import type { Commit, LoggedEvent, StageName, Store, StoredMetric, StoredUpdate, StoredVersion } from './ports.ts'
import type { RunRecord, RunState, Stage } from './run-state.ts'

/** A store that also answers what a simulation or a test wants to look at. */
export interface MemoryStore extends Store {
  /** The run's measurements in the order of their first arrival. */
  metricsOf(runId: RunId): readonly StoredMetric[]
}

/** An update as it is kept: when it is forgotten its bytes go. */
type KeptUpdate = Omit<StoredUpdate, 'bytes'> & { readonly bytes: Uint8Array | null; readonly stage: StageName }

interface RunMemory {
  readonly record: RunRecord
  /** As text: what is loaded is what JSON keeps, as with any other store. */
  state: string
  seq: number
  readonly events: LoggedEvent[]
  readonly versions: Map<number, StoredVersion & { readonly evaluated: boolean }>
  readonly metrics: Map<string, StoredMetric>
  readonly updates: Map<string, KeptUpdate>
  /** Hashes of the blobs that its commits brought. */
  readonly blobs: Set<string>
}

/**
 * A store that forgets everything with the process. Every check of a commit comes before its first write, and nothing
 * waits in between, so a commit that fails writes nothing.
 */
export function createMemoryStore(): MemoryStore {
  const runs = new Map<RunId, RunMemory>()
  const blobs = new Map<string, Uint8Array>()
  const runOf = (id: RunId): RunMemory => {
    const run = runs.get(id)
    if (run === undefined) throw new FedError('unknown-run', `there is no run ${id}`)
    return run
  }
  return {
    createRun: async (record, state) => {
      if (runs.has(record.runId)) throw new FedError('conflict', `there is a run ${record.runId} already`)
      runs.set(record.runId, emptyRun(record, state))
    },
    loadRuns: async () =>
      [...runs.values()]
        .sort((a, b) => a.record.createdAt - b.record.createdAt)
        .map(({ record, state }) => ({ record, state: JSON.parse(state) as RunState })),
    commit: async (commit) => {
      const run = runOf(commit.runId)
      check(run, commit)
      for (const { hash, bytes } of commit.blobs ?? []) blobs.set(hash, bytes.slice())
      write(run, commit)
    },
    async *eventsOf(id) {
      yield* [...runOf(id).events]
    },
    async *updatesOf(id, { kind, index }) {
      for (const { stage, bytes, ...update } of [...runOf(id).updates.values()]) {
        if (bytes !== null && isStage(stage, { kind, index })) yield { ...update, bytes: bytes.slice() }
      }
    },
    updateHash: async (id) => {
      const found = [...runs.values()].map(({ updates }) => updates.get(id)).find((update) => update !== undefined)
      return found?.hash ?? null
    },
    versionsOf: async (id) => [...runOf(id).versions.values()],
    addEvaluation: async (id, round, metrics) => {
      const { versions, ...run } = runOf(id)
      const version = versions.get(round)
      if (version !== undefined) versions.set(round, { ...version, evaluated: true })
      keepMetrics(run, metrics)
    },
    deleteRun: async (id) => {
      const { blobs: own } = runOf(id)
      runs.delete(id)
      const shared = new Set([...runs.values()].flatMap((run) => [...run.blobs]))
      for (const hash of own) if (!shared.has(hash)) blobs.delete(hash)
    },
    readBlob: async (hash) => blobs.get(hash)?.slice() ?? null,
    readBlobRange: async (hash, { offset, length }) => {
      const bytes = blobs.get(hash)
      return bytes === undefined ? null : { size: bytes.length, bytes: bytes.slice(offset, offset + length) }
    },
    metricsOf: (id) => [...runOf(id).metrics.values()],
  }
}

function emptyRun(record: RunRecord, state: RunState): RunMemory {
  return {
    record,
    state: JSON.stringify(state),
    seq: state.seq,
    events: [],
    versions: new Map(),
    metrics: new Map(),
    updates: new Map(),
    blobs: new Set(),
  }
}

function check(run: RunMemory, { runId, state, update }: Commit): void {
  if (state.seq !== run.seq + 1) {
    throw new FedError('conflict', `event ${state.seq} of the run ${runId} does not follow event ${run.seq}`)
  }
  if (update === undefined) return
  if (run.updates.has(update.assignmentId)) {
    throw new FedError('duplicate-update', `the update of assignment ${update.assignmentId} is stored already`)
  }
  if (state.stage === null) throw new FedError('internal', 'an update is stored while no stage is under way')
}

function write(run: RunMemory, { event, state, update, blobs, version, metrics, forget }: Commit): void {
  run.seq = state.seq
  run.state = JSON.stringify(state)
  run.events.push({ seq: state.seq, event, head: state.head })
  if (update !== undefined) {
    const { kind, index } = state.stage as Stage
    run.updates.set(update.assignmentId, { ...update, bytes: update.bytes.slice(), stage: { kind, index } })
  }
  for (const { hash } of blobs ?? []) run.blobs.add(hash)
  if (version !== undefined) run.versions.set(version.round, { ...version, evaluated: false })
  keepMetrics(run, metrics ?? [])
  if (forget !== undefined) forgetStage(run, forget)
}

function forgetStage({ updates }: RunMemory, forgotten: StageName): void {
  for (const [id, update] of updates) {
    if (isStage(update.stage, forgotten)) updates.set(id, { ...update, bytes: null })
  }
}

/** Measuring the same thing again replaces the number: what was done before a crash may be done once more. */
function keepMetrics(run: Pick<RunMemory, 'metrics'>, metrics: readonly StoredMetric[]): void {
  for (const metric of metrics) {
    run.metrics.set(JSON.stringify([metric.round, metric.name, metric.clientId]), metric)
  }
}

const isStage = (one: StageName, other: StageName): boolean => one.kind === other.kind && one.index === other.index
