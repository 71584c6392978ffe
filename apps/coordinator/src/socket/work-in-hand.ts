import { type Assignment, type Engine, roundOf } from '@tessera/federation'
import type { MessageOf } from '@tessera/protocol'
import { type ClientId, err, FedError, ok, type Result } from '@tessera/vocabulary'

type AboutWork = Pick<MessageOf<'progress'>, 'runId' | 'round' | 'assignmentId'>

/**
 * The assignment that a worker's message is about, as the run has it now. Errors: `unknown-run`; `round-over` when it is
 * not part of the stage under way; `unknown-assignment` when it is another client's; `invalid-message` when it belongs
 * to another round than the message says.
 */
export function workInHand(
  engine: Engine,
  client: ClientId,
  { runId, round, assignmentId: id }: AboutWork,
): Result<Assignment, FedError> {
  const run = engine.run(runId)
  if (run === null) return err(new FedError('unknown-run', `there is no run ${runId}`))
  const { stage } = run.state
  const assignment = stage?.assignments.find((candidate) => candidate.id === id)
  if (stage === null || assignment === undefined) {
    return err(new FedError('round-over', `assignment ${id} is not part of the stage under way`))
  }
  if (assignment.clientId !== client) {
    return err(new FedError('unknown-assignment', `assignment ${id} is not of client ${client}`))
  }
  const own = roundOf({ kind: stage.kind, index: assignment.givenIn })
  if (own === round) return ok(assignment)
  return err(new FedError('invalid-message', `assignment ${id} belongs to round ${own}, not ${round}`))
}
