import type { ClientId } from '@tessera/vocabulary'
import { nameAssignment } from './assignment-name.ts'
import { drawCohort } from './cohort.ts'
import type { WorkEffect } from './effects.ts'
import { type Assignment, type RunRecord, type RunState, roundOf, type Stage } from './run-state.ts'
import { isParted } from './stage-layout.ts'
import { holdsPlace, stageRules } from './stage-rules.ts'

/**
 * The stage with its free places given to clients drawn among those who are present and have no part in it yet.
 *
 * @param former Work that was given out before: who is drawn again goes on with it.
 */
export function fillPlaces(
  record: RunRecord,
  state: RunState,
  stage: Stage,
  former: readonly Assignment[] = [],
): Stage {
  const rules = stageRules(record, stage)
  const size = rules.places - stage.assignments.filter((own) => holdsPlace(rules, stage, own)).length
  const placed = new Set<string>(stage.assignments.map(({ clientId }) => clientId))
  const candidates = presentClients(state).filter((id) => !placed.has(id))
  if (size <= 0 || candidates.length === 0) return stage
  const { kind, index, attempt } = stage
  const drawn = drawCohort(candidates, { seed: record.spec.seed, kind, index, attempt, size })
  const from = kind === 'train' ? state.coordinates : null
  const given = drawn.map(
    (client) => former.find(({ clientId }) => clientId === client) ?? newAssignment(record, stage, { client, from }),
  )
  const assignments = [...stage.assignments, ...given]
  return { ...stage, assignments: isParted(record, stage) ? numbered(assignments, rules.places) : assignments }
}

/** Those without a place get the first free ones. */
function numbered(assignments: readonly Assignment[], places: number): Assignment[] {
  const working = assignments.filter(({ status }) => status !== 'failed')
  const taken = new Set(working.map(({ place }) => place))
  const free = Array.from({ length: places }, (_, at) => at).filter((place) => !taken.has(place))
  return assignments.map((own) => {
    const place = own.place ?? free.shift()
    return place === undefined ? own : { ...own, place }
  })
}

function newAssignment(
  { runId }: RunRecord,
  stage: Stage,
  { client, from }: { client: ClientId } & Pick<Assignment, 'from'>,
): Assignment {
  const id = nameAssignment(runId, stage, client)
  return { id, clientId: client, status: 'open', weight: 0, givenIn: stage.index, from }
}

export function presentClients(state: RunState): string[] {
  return Object.entries(state.members)
    .filter(([, { present }]) => present)
    .map(([id]) => id)
}

/** Give their part to the clients of these assignments, or say once more what it is. */
export function assignOpen(stage: Stage, assignments = stage.assignments): WorkEffect[] {
  return assignments.filter(isOpen).map((assignment) => ({ type: 'assign', assignment, stage }))
}

/** Tell clients that what they still work at is no longer wanted. */
export function cancelOpen({ kind }: Stage, assignments: readonly Assignment[], reason: string): WorkEffect[] {
  return assignments.filter(isOpen).map(({ id, clientId, givenIn }) => ({
    type: 'cancel',
    assignmentId: id,
    clientId,
    round: roundOf({ kind, index: givenIn }),
    reason,
  }))
}

export const isOpen = ({ status }: Assignment): boolean => status === 'open'
export const isReceived = ({ status }: Assignment): boolean => status === 'received'
