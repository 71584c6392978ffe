import { type AssignmentId, assignmentId, type ClientId, type RunId } from '@tessera/vocabulary'
import type { Stage } from './run-state.ts'

type NamedStage = Pick<Stage, 'kind' | 'index'>

/** The id names the work, not the attempt, so that the same work sent twice is the same work. */
export function nameAssignment(runId: RunId, { kind, index }: NamedStage, client: ClientId): AssignmentId {
  return assignmentId(`${runId}.${kind}-${index}.${client}`)
}

/** Is this the name of a client's work in some stage of the run? Ids may hold dots, so the whole name is compared. */
export function namesWorkOf(id: AssignmentId, runId: RunId, client: ClientId): boolean {
  const stage = /^(probe|train)-(\d+)\./.exec(id.slice(runId.length + 1))
  if (stage === null) return false
  return id === nameAssignment(runId, { kind: stage[1] as Stage['kind'], index: Number(stage[2]) }, client)
}
