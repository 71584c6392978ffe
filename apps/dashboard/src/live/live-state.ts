import type { EventView, LiveMessage, MetricPoint, RoundView, RunView, WorkerView } from '@tessera/protocol'
import type { RunId } from '@tessera/vocabulary'

/** What is known of the run that is shown. */
export interface RunDetail {
  readonly runId: RunId
  /** Passes first, then rounds, in order. */
  readonly rounds: readonly RoundView[]
  readonly metrics: readonly MetricPoint[]
  /** Ascending by `seq`. */
  readonly events: readonly EventView[]
}

export interface LiveState {
  /** Newest first. */
  readonly runs: readonly RunView[]
  readonly workers: readonly WorkerView[]
  readonly detail: RunDetail | null
}

/** Everything as it was when it was asked for; live messages go on from there. */
export interface Snapshot extends LiveState {
  readonly type: 'snapshot'
}

export const NOTHING: LiveState = { runs: [], workers: [], detail: null }

/** Most events that are kept: the page shows the newest, the command line exports all. */
const MAX_EVENTS = 1000

/** What is known after one more message. The same message twice changes nothing the second time. */
export function liveState(state: LiveState, message: LiveMessage | Snapshot): LiveState {
  switch (message.type) {
    case 'snapshot':
      return { runs: newestFirst(message.runs), workers: byClient(message.workers), detail: message.detail }
    case 'run':
      return withMetrics(
        { ...state, runs: newestFirst(put(state.runs, message.run, ({ id }) => id)) },
        message.run.id,
        message.run.metrics,
      )
    case 'worker':
      return { ...state, workers: byClient(put(state.workers, message.worker, ({ clientId }) => clientId)) }
    case 'metric':
      return withMetrics(withRunMetric(state, message.metric), message.metric.runId, [message.metric])
    case 'round':
      return inDetail(state, message.round.runId, (detail) => ({
        ...detail,
        rounds: put(detail.rounds, message.round, roundKey).toSorted(inOrder),
      }))
    case 'event':
      return inDetail(state, message.event.runId, (detail) => ({
        ...detail,
        events: put(detail.events, message.event, ({ seq }) => seq)
          .toSorted((a, b) => a.seq - b.seq)
          .slice(-MAX_EVENTS),
      }))
    case 'removed':
      return without(state, message.runId)
  }
}

function without(state: LiveState, id: RunId): LiveState {
  const detail = state.detail?.runId === id ? null : state.detail
  return { ...state, runs: state.runs.filter((run) => run.id !== id), detail }
}

/** The list with `item` in the place of the one with its key, or at the end. */
function put<Item>(list: readonly Item[], item: Item, key: (item: Item) => unknown): Item[] {
  const at = list.findIndex((other) => key(other) === key(item))
  return at < 0 ? [...list, item] : list.with(at, item)
}

function inDetail(state: LiveState, id: RunId | null, change: (detail: RunDetail) => RunDetail): LiveState {
  const { detail } = state
  return detail === null || detail.runId !== id ? state : { ...state, detail: change(detail) }
}

function withMetrics(state: LiveState, id: RunId, points: readonly MetricPoint[]): LiveState {
  if (points.length === 0) return state
  return inDetail(state, id, (detail) => {
    const merged = new Map([...detail.metrics, ...points].map((point) => [metricKey(point), point]))
    return { ...detail, metrics: [...merged.values()] }
  })
}

/** Measurements of the run as a whole belong to its line in the list too. */
function withRunMetric(state: LiveState, metric: MetricPoint): LiveState {
  if (metric.clientId !== null) return state
  const runs = state.runs.map((run) =>
    run.id === metric.runId ? { ...run, metrics: put(run.metrics, metric, metricKey) } : run,
  )
  return { ...state, runs }
}

function newestFirst(runs: readonly RunView[]): RunView[] {
  return runs.toSorted((a, b) => b.createdAt - a.createdAt)
}

function byClient(workers: readonly WorkerView[]): WorkerView[] {
  return workers.toSorted(
    (a, b) =>
      Number(b.connected) - Number(a.connected) || a.clientId.localeCompare(b.clientId, 'en', { numeric: true }),
  )
}

const metricKey = ({ name, clientId, round }: MetricPoint) => `${name} ${clientId ?? ''} ${round}`
const roundKey = ({ kind, round, pass }: RoundView) => `${kind} ${round} ${pass}`

function inOrder(a: RoundView, b: RoundView): number {
  return a.kind === b.kind ? a.round - b.round || a.pass - b.pass : a.kind === 'probe' ? -1 : 1
}
