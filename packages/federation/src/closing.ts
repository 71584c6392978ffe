import type { ClientId } from '@tessera/vocabulary'
import type { RunRecord, RunState, Stage } from './run-state.ts'
import { assignOpen, cancelOpen, fillPlaces, isOpen, isReceived } from './staffing.ts'
import { isAwaited, isCarried, stageRules } from './stage-rules.ts'
import { restaffStage, type Step } from './stages.ts'

/**
 * What follows for the stage under way after anything that happened, at this time. It is closed when it has enough, or
 * a quorum and nothing more to wait for; a place that is free is filled; without a quorum it is tried again when its
 * time is over, or when all who were asked have given up.
 */
export function settleStage(record: RunRecord, state: RunState, at: number): Step {
  const { stage } = state
  if (stage === null || stage.closed || state.phase === 'paused') return { state, effects: [] }
  if (isFull(record, stage) || (hasQuorum(record, stage) && at >= stage.softDeadlineAt))
    return closeStage(record, state)
  if (at >= stage.deadlineAt) return tryAgain(record, state, at)
  const filled = fillPlaces(record, state, stage)
  if (isComplete(record, filled)) return closeStage(record, state)
  const givenUp = filled.assignments.some(({ status }) => status === 'failed')
  if (givenUp && !filled.assignments.some(isOpen)) return tryAgain(record, state, at)
  const given = filled.assignments.slice(stage.assignments.length)
  return { state: { ...state, stage: filled }, effects: assignOpen(filled, given) }
}

/** All the updates that were asked for. */
function isFull(record: RunRecord, stage: Stage): boolean {
  return stage.assignments.filter(isReceived).length >= stageRules(record, stage).enough
}

/** A quorum, and nobody left to wait for. */
function isComplete(record: RunRecord, stage: Stage): boolean {
  const rules = stageRules(record, stage)
  return hasQuorum(record, stage) && !stage.assignments.some((assignment) => isAwaited(rules, stage, assignment))
}

function hasQuorum({ spec }: RunRecord, { assignments }: Stage): boolean {
  return assignments.filter(isReceived).length >= spec.rounds.cohort.quorum
}

/** Close it over what was received. Open work goes on in the next stage where the rules say so, else it is called off. */
function closeStage(record: RunRecord, state: RunState): Step {
  const stage = state.stage as Stage
  const rules = stageRules(record, stage)
  const last = stage.kind === 'train' && stage.index === record.spec.rounds.total
  const carried = last ? [] : stage.assignments.filter((own) => isOpen(own) && isCarried(rules, stage, own))
  const late = stage.assignments.filter((own) => isOpen(own) && !carried.includes(own))
  const closed: Stage = { ...stage, closed: true, assignments: [...stage.assignments.filter(isReceived), ...carried] }
  const cancels = cancelOpen(stage, late, 'the round is over')
  if (stage.kind === 'probe') {
    return { state: { ...state, stage: closed }, effects: [...cancels, { type: 'reduce-pass' }] }
  }
  return { state: { ...state, phase: 'aggregating', stage: closed }, effects: [...cancels, { type: 'aggregate' }] }
}

/** A new cohort beside what was received and the late work of the stage before; after the last attempt, a pause. */
function tryAgain(record: RunRecord, state: RunState, at: number): Step {
  const stage = state.stage as Stage
  const { cohort, attempts } = record.spec.rounds
  if (stage.attempt < attempts) {
    return restaffStage(record, state, { attempt: stage.attempt + 1, at, staysAtWork: () => false })
  }
  const received = stage.assignments.filter(isReceived).length
  const message = `${describe(stage)} got ${received} updates where ${cohort.quorum} make a quorum, in ${attempts} attempts`
  return { state: { ...state, phase: 'paused', pausedFrom: state.phase, pauseCause: 'quorum', message }, effects: [] }
}

/**
 * Go on with the stage where it stands, with its attempts and its deadlines starting over. Clients who are at work and
 * present stay at it; those who are absent lose their place to others, unless they are awaited or a quorum is there.
 */
export function resumeStage(
  record: RunRecord,
  state: RunState,
  { at, awaitAbsent }: { at: number; awaitAbsent: boolean },
): Step {
  const stage = state.stage as Stage
  if (isFull(record, stage) || isComplete(record, stage)) return closeStage(record, state)
  const awaitAll = awaitAbsent || hasQuorum(record, stage)
  const staysAtWork = (client: ClientId) => awaitAll || state.members[client]?.present === true
  return restaffStage(record, state, { attempt: 1, at, staysAtWork })
}

const describe = ({ kind, index }: Stage): string => (kind === 'probe' ? `pass ${index + 1}` : `round ${index}`)
