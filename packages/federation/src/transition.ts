import { err, FedError, ok, type Result } from '@tessera/vocabulary'
import { awaitedWork } from './assigned-work.ts'
import type { Effect } from './effects.ts'
import { HANDLERS } from './handlers.ts'
import type { RunEventType, TimedEvent } from './run-events.ts'
import { chain } from './run-log.ts'
import type { RunPhase, RunRecord, RunState } from './run-state.ts'

/**
 * The whole life of a run: from each phase, the events it knows and the phases they may lead to.
 * An event that is missing from a row is refused and changes nothing.
 */
export const NEXT = {
  recruiting: {
    'client-joined': ['recruiting', 'initialising'],
    'client-left': ['recruiting'],
    'deadline-passed': ['recruiting', 'initialising'],
    'restarted': ['recruiting'],
    'paused': ['paused'],
    'aborted': ['abandoned'],
  },
  initialising: {
    'client-joined': ['initialising', 'paused'],
    'client-left': ['initialising', 'paused'],
    'update-received': ['initialising', 'paused'],
    'assignment-failed': ['initialising', 'paused'],
    'deadline-passed': ['initialising', 'paused'],
    'pass-reduced': ['initialising'],
    'factors-made': ['training'],
    'restarted': ['initialising'],
    'paused': ['paused'],
    'aborted': ['abandoned'],
  },
  training: {
    'client-joined': ['training', 'aggregating', 'paused'],
    'client-left': ['training', 'aggregating', 'paused'],
    'update-received': ['training', 'aggregating', 'paused'],
    'assignment-failed': ['training', 'aggregating', 'paused'],
    'deadline-passed': ['training', 'aggregating', 'paused'],
    'restarted': ['training'],
    'paused': ['paused'],
    'aborted': ['abandoned'],
  },
  aggregating: {
    'client-joined': ['aggregating'],
    'client-left': ['aggregating'],
    'assignment-failed': ['aggregating'],
    'aggregated': ['committing'],
    'restarted': ['aggregating'],
    'paused': ['paused'],
    'aborted': ['abandoned'],
  },
  committing: {
    'client-joined': ['committing'],
    'client-left': ['committing'],
    'assignment-failed': ['committing'],
    'committed': ['training', 'finished'],
    'restarted': ['committing'],
    'paused': ['paused'],
    'aborted': ['abandoned'],
  },
  paused: {
    'client-joined': ['paused'],
    'client-left': ['paused'],
    'update-received': ['paused'],
    'assignment-failed': ['paused'],
    'restarted': ['paused'],
    'resumed': ['recruiting', 'initialising', 'training', 'aggregating', 'committing'],
    'aborted': ['abandoned'],
  },
  finished: {},
  abandoned: {},
} as const satisfies Record<RunPhase, Partial<Record<RunEventType, readonly RunPhase[]>>>

export interface Transition {
  readonly state: RunState
  readonly effects: readonly Effect[]
}

/**
 * What an event makes of a run. Pure: the same record, state and event give the same state and effects.
 * A refused event comes back as an error and changes nothing.
 */
export function transition(record: RunRecord, state: RunState, event: TimedEvent): Result<Transition, FedError> {
  const allowed: readonly RunPhase[] | undefined = (
    NEXT[state.phase] as Partial<Record<RunEventType, readonly RunPhase[]>>
  )[event.type]
  if (allowed === undefined) return err(refusal(state, event))
  const handle = HANDLERS[event.type] as (
    record: RunRecord,
    state: RunState,
    event: TimedEvent,
  ) => Result<Transition, FedError>
  const next = handle(record, state, event)
  if (!next.ok) return next
  if (!allowed.includes(next.value.state.phase)) {
    throw new FedError('internal', `${event.type} led from ${state.phase} to ${next.value.state.phase}`)
  }
  return ok({ ...next.value, state: { ...next.value.state, seq: state.seq + 1, head: chain(state.head, event) } })
}

/** Why the table does not know an event; an update, or the end of a work, that is not awaited has reasons of its own. */
function refusal(state: RunState, event: TimedEvent): FedError {
  if (event.type === 'update-received' || event.type === 'assignment-failed') {
    const awaited = awaitedWork(state, event)
    if (!awaited.ok) return awaited.error
  }
  return new FedError('illegal-event', `a run that is ${state.phase} does not allow ${event.type}`, {
    details: { phase: state.phase, event: event.type },
  })
}
