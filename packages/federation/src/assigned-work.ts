import { err, FedError, ok, type Result } from '@tessera/vocabulary'
import type { RunEvent } from './run-events.ts'
import type { Assignment, RunState } from './run-state.ts'

type AboutWork = Pick<Extract<RunEvent, { type: 'update-received' }>, 'assignmentId' | 'clientId'>

/**
 * An assignment of the stage under way that is this client's and still open. Errors: `round-over`, `unknown-assignment`
 * and `duplicate-update`.
 */
export function openWork({ stage }: RunState, { assignmentId: id, clientId }: AboutWork): Result<Assignment, FedError> {
  const refused = (code: 'round-over' | 'unknown-assignment' | 'duplicate-update', message: string) =>
    err(new FedError(code, message, { details: { id } }))
  const assignment = stage?.assignments.find((candidate) => candidate.id === id)
  if (assignment === undefined) return refused('round-over', `assignment ${id} is not part of the stage under way`)
  if (assignment.clientId !== clientId) {
    return refused('unknown-assignment', `assignment ${id} is not of client ${clientId}`)
  }
  if (assignment.status === 'received') return refused('duplicate-update', `the update of ${id} was already received`)
  if (assignment.status === 'failed') return refused('round-over', `assignment ${id} was given up`)
  return ok(assignment)
}

/** Like `openWork` for an update; one that comes late into a closed stage has to wait: `round-closing`. */
export function awaitedWork(state: RunState, work: AboutWork): Result<Assignment, FedError> {
  const found = openWork(state, work)
  if (!found.ok || state.stage?.closed !== true) return found
  const message = `the stage is closed: the update of ${work.assignmentId} belongs to the next one`
  return err(new FedError('round-closing', message, { details: { id: work.assignmentId } }))
}

/** The state with this assignment changed. */
export function withAssignment(state: RunState, changed: Assignment): RunState {
  return withAssignments(state, (assignments) =>
    assignments.map((assignment) => (assignment.id === changed.id ? changed : assignment)),
  )
}

/** A client's open work leaves the stage: its place is free, also for the client itself. */
export function withoutWorkOf(state: RunState, client: string): RunState {
  return withAssignments(state, (assignments) =>
    assignments.filter(({ clientId, status }) => clientId !== client || status !== 'open'),
  )
}

function withAssignments(
  state: RunState,
  change: (assignments: readonly Assignment[]) => readonly Assignment[],
): RunState {
  const { stage } = state
  return stage === null ? state : { ...state, stage: { ...stage, assignments: change(stage.assignments) } }
}
