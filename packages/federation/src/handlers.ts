import { err, FedError, ok, type Result } from '@tessera/vocabulary'
import { ruleOf } from './aggregation.ts'
import { awaitedWork, openWork, withAssignment, withoutWorkOf } from './assigned-work.ts'
import { resumeStage, settleStage } from './closing.ts'
import { nextDeadline } from './deadlines.ts'
import { dutyOf } from './duty.ts'
import type { Effect, WorkEffect } from './effects.ts'
import type { RunEvent, RunEventType, TimedEvent } from './run-events.ts'
import type { Member, RunRecord, RunState, Stage } from './run-state.ts'
import { assignOpen, cancelOpen, isOpen, presentClients } from './staffing.ts'
import { beginInitialisation, openStage, type Step } from './stages.ts'

type EventOf<Type extends RunEventType> = Extract<RunEvent, { type: Type }> & Pick<TimedEvent, 'at'>
type Handler<Type extends RunEventType> = (
  record: RunRecord,
  state: RunState,
  event: EventOf<Type>,
) => Result<Step, FedError>

/** What each event does where the table allows it; the phase it leads to is checked against the table. */
export const HANDLERS: { readonly [Type in RunEventType]: Handler<Type> } = {
  'client-joined': (record, state, { clientId, examples, at }) => {
    const next = withMember(state, clientId, { examples, present: true })
    if (state.phase === 'recruiting') return ok(recruit(record, next, at))
    const settled = settleStage(record, next, at)
    return ok({ ...settled, effects: [...owedTo(clientId, settled), ...settled.effects] })
  },
  'client-left': (record, state, { clientId, how, at }) => {
    const member = state.members[clientId]
    if (member === undefined) return unchanged(state)
    const gone = withMember(state, clientId, { ...member, present: false })
    return how === 'lost' ? unchanged(gone) : ok(settleStage(record, withoutWorkOf(gone, clientId), at))
  },
  'update-received': (record, state, { weight, at, ...work }) => {
    const found = awaitedWork(state, work)
    if (!found.ok) return found
    return ok(settleStage(record, withAssignment(state, { ...found.value, status: 'received', weight }), at))
  },
  'assignment-failed': (record, state, { at, ...work }) => {
    const found = openWork(state, work)
    if (!found.ok) return found
    return ok(settleStage(record, withAssignment(state, { ...found.value, status: 'failed' }), at))
  },
  'deadline-passed': (record, state, { at }) => {
    if (state.phase === 'recruiting') return ok(recruit(record, state, at))
    const settled = settleStage(record, state, at)
    return ok({ ...settled, effects: [...settled.effects, ...stillToCome(record, settled, at)] })
  },
  'pass-reduced': (record, state, { panel, at }) => {
    if (dutyOf(state) !== 'reduce-pass') return notAwaited('pass-reduced')
    const index = requireStage(state).index + 1
    return ok(openStage(record, { ...state, panel }, { kind: 'probe', index, at }))
  },
  'factors-made': (record, state, { factors, coordinates, ranks, schedule, at }) => {
    if (dutyOf(state) === null) return notAwaited('factors-made')
    const restart = ruleOf(record).profile.reads === 'updates' ? {} : { restart: coordinates }
    const made = { factors, coordinates, ...(ranks && { ranks }), ...(schedule && { schedule }), ...restart }
    const ready: RunState = { ...state, phase: 'training', panel: null, ...made }
    const first = openStage(record, ready, { kind: 'train', index: 1, at })
    return ok({ ...first, effects: [{ type: 'evaluate', round: 0 }, ...first.effects] })
  },
  'aggregated': (_record, state, { coordinates, largestUpdate, updateNorm, ...made }) => {
    const moved = { coordinates, largestUpdate, updateNorm, ...stepFrom(state, made), ...leftBy(made) }
    const next: RunState = { ...state, phase: 'committing', ...moved }
    return ok({ state: next, effects: [{ type: 'commit' }] })
  },
  'committed': (record, state, { at }) => {
    const { index: round, assignments } = requireStage(state)
    const done: RunState = { ...state, round, stage: null }
    const evaluate = { type: 'evaluate', round } as const
    if (round === record.spec.rounds.total) return ok({ state: { ...done, phase: 'finished' }, effects: [evaluate] })
    const carried = assignments.filter(isOpen)
    const next = openStage(record, { ...done, phase: 'training' }, { kind: 'train', index: round + 1, at, carried })
    return ok({ ...next, effects: [evaluate, ...next.effects] })
  },
  'paused': (_record, state, { cause, reason }) =>
    unchanged({ ...state, phase: 'paused', pausedFrom: state.phase, pauseCause: cause, message: reason }),
  'resumed': (record, state, { at }) => {
    const phase = state.pausedFrom ?? 'recruiting'
    const resumed: RunState = { ...state, phase, pausedFrom: null, pauseCause: null, message: null }
    if (phase === 'recruiting') return ok(recruit(record, resumed, at))
    return ok(goOn(record, resumed, { at, awaitAbsent: false }))
  },
  'aborted': (_record, state, { reason }) => {
    const ended = { phase: 'abandoned', pausedFrom: null, pauseCause: null, message: reason, stage: null } as const
    return ok({ state: { ...state, ...ended }, effects: callOff(state, reason) })
  },
  'restarted': (record, state, { at }) => {
    const members = state.phase === 'recruiting' ? absent(state.members) : state.members
    return ok(goOn(record, { ...state, members }, { at, awaitAbsent: true }))
  },
}

/** What a round leaves besides coordinates, where it leaves it. */
function leftBy(made: Partial<EventOf<'aggregated'>>) {
  const { server, baseChange, rankMemory, ranks, factors, schedule, unsent } = made
  return {
    ...(server && { server }),
    ...(baseChange && { baseChange }),
    ...(rankMemory && { rankMemory }),
    ...(ranks && { ranks }),
    ...(factors && { factors }),
    ...(schedule && { schedule }),
    ...(unsent && { unsent }),
  }
}

/** The step of the round under way, with the version that it starts from. */
function stepFrom({ coordinates, stage }: RunState, { step }: Partial<EventOf<'aggregated'>>): Pick<RunState, 'step'> {
  return step && coordinates && stage ? { step: { hash: step, from: coordinates, round: stage.index } } : {}
}

/** All open work of a run is called off. */
export function callOff({ stage }: RunState, reason: string): WorkEffect[] {
  return stage === null ? [] : cancelOpen(stage, stage.assignments, reason)
}

/** What a run does next where it stands: its own work, or its stage once more. */
function goOn(record: RunRecord, state: RunState, { at, awaitAbsent }: { at: number; awaitAbsent: boolean }): Step {
  if (state.phase === 'paused') return { state, effects: [] }
  if (state.phase === 'recruiting') {
    const until = at + record.spec.rounds.deadline.hardMs
    return { state: { ...state, recruitUntil: until }, effects: [{ type: 'set-deadline', at: until }] }
  }
  const duty = dutyOf(state)
  const step = duty === null ? resumeStage(record, state, { at, awaitAbsent }) : { state, effects: [{ type: duty }] }
  const { stage } = step.state
  return stage?.closed === true ? { ...step, effects: [...assignOpen(stage), ...step.effects] } : step
}

/** The full cohort starts a run at once, a quorum when recruiting has taken its time; with fewer it waits on. */
function recruit(record: RunRecord, state: RunState, at: number): Step {
  const { size, quorum } = record.spec.rounds.cohort
  const present = presentClients(state).length
  if (present >= size || (present >= quorum && at >= state.recruitUntil)) return beginInitialisation(record, state, at)
  return { state, effects: at < state.recruitUntil ? [{ type: 'set-deadline', at: state.recruitUntil }] : [] }
}

/** A client that comes back is sent once more what it still works at; in a paused run, when that goes on. */
function owedTo(client: string, { state: { phase, stage }, effects }: Step): Effect[] {
  if (stage === null || phase === 'paused') return []
  const given = new Set<string>(effects.flatMap((effect) => (effect.type === 'assign' ? [effect.assignment.id] : [])))
  return assignOpen(
    stage,
    stage.assignments.filter(({ id, clientId }) => clientId === client && !given.has(id)),
  )
}

/** The deadline that a stage waits for next, unless it has just been set. */
function stillToCome(record: RunRecord, { state: { phase, stage }, effects }: Step, at: number): Effect[] {
  const waits = stage !== null && !stage.closed && phase !== 'paused'
  return waits && !effects.some(({ type }) => type === 'set-deadline') ? [nextDeadline(record, stage, at)] : []
}

const notAwaited = (event: RunEventType): Result<never, FedError> =>
  err(new FedError('illegal-event', `${event}: the run still waits for clients`, { details: { event } }))

const unchanged = (state: RunState): Result<Step, FedError> => ok({ state, effects: [] })

function withMember(state: RunState, id: string, member: Member): RunState {
  return { ...state, members: { ...state.members, [id]: member } }
}

const absent = (members: RunState['members']): RunState['members'] =>
  Object.fromEntries(Object.entries(members).map(([id, member]) => [id, { ...member, present: false }]))

function requireStage(state: RunState): Stage {
  if (state.stage === null) throw new FedError('internal', `no stage is under way in phase ${state.phase}`)
  return state.stage
}
