import type { ClientId } from '@tessera/vocabulary'
import { deadlinesFrom, nextDeadline } from './deadlines.ts'
import type { Effect } from './effects.ts'
import { chooseGrid } from './grid.ts'
import type { Assignment, RunRecord, RunState, Stage } from './run-state.ts'
import { assignOpen, cancelOpen, fillPlaces, isOpen, isReceived } from './staffing.ts'
import { passCount } from './stage-layout.ts'
import { isOwn, stageRules } from './stage-rules.ts'

/** A state and what it asks the world to do. */
export interface Step {
  readonly state: RunState
  readonly effects: readonly Effect[]
}

/** From recruiting to the first pass of the initialisation, or to factors that need no client. */
export function beginInitialisation(record: RunRecord, state: RunState, at: number): Step {
  const initialising: RunState = { ...state, phase: 'initialising' }
  if (passCount(record) === 0) return { state: initialising, effects: [{ type: 'make-factors' }] }
  return openStage(record, initialising, { kind: 'probe', index: 0, at })
}

/** A new pass or round: a fresh cohort beside the late work that it was left, a fresh grid, fresh deadlines. */
export function openStage(
  record: RunRecord,
  state: RunState,
  { kind, index, at, carried = [] }: Pick<Stage, 'kind' | 'index'> & { at: number; carried?: readonly Assignment[] },
): Step {
  const grid = chooseGrid(record, state, { kind, index })
  const empty = { kind, index, attempt: 1, assignments: carried, closed: false, ...deadlinesFrom(record, at), grid }
  const stage = fillPlaces(record, state, empty)
  const given = stage.assignments.slice(carried.length)
  return { state: { ...state, stage }, effects: [...assignOpen(stage, given), nextDeadline(record, stage, at)] }
}

/**
 * The stage under way with its deadlines starting over: what was received stays, late work of the stage before stays
 * open, and so does the work of clients of whom the caller says it; the free places are drawn again. Who is drawn again
 * goes on with what it has; open work of the others is called off.
 */
export function restaffStage(
  record: RunRecord,
  state: RunState,
  { attempt, at, staysAtWork }: { attempt: number; at: number; staysAtWork: (client: ClientId) => boolean },
): Step {
  const before = state.stage as Stage
  const rules = stageRules(record, before)
  const open = before.assignments.filter(isOpen)
  const kept = before.assignments.filter(
    (own) => isReceived(own) || (isOpen(own) && (!isOwn(rules, before, own) || staysAtWork(own.clientId))),
  )
  const empty = { ...before, attempt, assignments: kept, ...deadlinesFrom(record, at) }
  const stage = fillPlaces(record, state, empty, open)
  const cancels = cancelOpen(
    stage,
    open.filter(({ id }) => !stage.assignments.some((own) => own.id === id)),
    'another client takes its place',
  )
  return { state: { ...state, stage }, effects: [...cancels, ...assignOpen(stage), nextDeadline(record, stage, at)] }
}
