import type { EventView, LiveMessage, MetricPoint, RoundView, RunView, WorkerView } from '@tessera/protocol'
import { FedError, type RunId } from '@tessera/vocabulary'
import type { RunActions } from '../../apps/coordinator/src/http/run-actions.ts'
import type { RunQueries } from '../../apps/coordinator/src/run-queries.ts'

export interface Contents {
  readonly runs: readonly RunView[]
  readonly rounds: readonly RoundView[]
  readonly metrics: readonly MetricPoint[]
  readonly events: readonly EventView[]
  readonly workers: readonly WorkerView[]
}

/** What a coordinator knows, in memory: what `store` takes is what the queries then give. */
export interface MemoryCoordinator {
  readonly queries: RunQueries
  readonly actions: RunActions
  readonly store: (message: LiveMessage) => void
}

/** @param hear Told of everything that is stored after the start, as the live feed is. */
export function createMemoryCoordinator(contents: Contents, hear: (message: LiveMessage) => void): MemoryCoordinator {
  const runs = new Map(contents.runs.map((run) => [run.id, run]))
  const rounds = new Map(contents.rounds.map((round) => [roundKey(round), round]))
  const workers = new Map(contents.workers.map((worker) => [worker.clientId, worker]))
  const metrics = [...contents.metrics]
  const events = [...contents.events]

  const queries: RunQueries = {
    runs: async () => [...runs.values()].sort((a, b) => b.createdAt - a.createdAt),
    run: async (id) => runs.get(id) ?? null,
    rounds: async (id) => [...rounds.values()].filter(({ runId }) => runId === id),
    metrics: async (id) => metrics.filter(({ runId }) => runId === id),
    events: async (id, { after, limit }) =>
      events.filter(({ runId, seq }) => runId === id && seq > after).slice(0, limit),
    workers: async () => [...workers.values()],
    ledger: async () => {
      throw new FedError('internal', 'This coordinator keeps no ledger.')
    },
  }
  const store = (message: LiveMessage) => {
    if (message.type === 'run') runs.set(message.run.id, message.run)
    if (message.type === 'round') rounds.set(roundKey(message.round), message.round)
    if (message.type === 'worker') workers.set(message.worker.clientId, message.worker)
    if (message.type === 'metric') metrics.push(message.metric)
    if (message.type === 'event') events.push(message.event)
    if (message.type === 'removed') runs.delete(message.runId)
    hear(message)
  }
  const setPhase = async (id: RunId, phase: string, text: string | null) => {
    const run = runs.get(id)
    if (run === undefined) throw new FedError('unknown-run', 'There is no such run.')
    store({ type: 'run', run: { ...run, phase, message: text } })
  }
  const actions: RunActions = {
    createRun: async () => {
      throw new FedError('invalid-config', 'This coordinator makes no new runs.')
    },
    pause: (id) => setPhase(id, 'paused', 'Paused by hand.'),
    resume: (id) => setPhase(id, 'training', null),
    abort: (id) => setPhase(id, 'abandoned', 'Aborted by hand.'),
    remove: async (runId) => store({ type: 'removed', runId }),
    record: async (id) => ({ id }),
  }
  return { queries, actions, store }
}

const roundKey = ({ runId, kind, round, pass }: RoundView) => `${runId} ${kind} ${round} ${pass}`
