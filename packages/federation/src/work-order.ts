import type { Assignment as AssignmentMessage } from '@tessera/protocol'
import type { Effect, WorkEffect } from './effects.ts'
import type { Transport } from './ports.ts'
import type { RunRecord, RunState } from './run-state.ts'

/** Tell a client what it has to do, or what it need not do any more. */
export function sendWork(
  transport: Transport,
  { record, state }: { readonly record: RunRecord; readonly state: RunState },
  effect: WorkEffect,
): void {
  if (effect.type === 'assign') {
    transport.assign(effect.assignment.clientId, assignmentMessage(record, state, effect))
  } else {
    const { clientId, assignmentId, round, reason } = effect
    transport.cancel(clientId, { runId: record.runId, round, assignmentId, reason })
  }
}

/** The message that gives a client its part of a stage; the same effect always makes the same message. */
export function assignmentMessage(
  record: RunRecord,
  state: RunState,
  { assignment, stage }: Extract<Effect, { type: 'assign' }>,
): AssignmentMessage {
  const probe = stage.kind === 'probe'
  return {
    type: 'assignment',
    runId: record.runId,
    round: probe ? 0 : assignment.givenIn,
    assignmentId: assignment.id,
    kind: stage.kind,
    pass: probe ? assignment.givenIn : 0,
    spec: record.spec,
    sites: record.sites.map((site) => ({ ...site })),
    model: record.model.map((file) => ({ ...file })),
    artefact: probe ? state.panel : state.factors,
    coordinates: assignment.from,
    step: probe || assignment.from !== state.coordinates ? null : (state.step ?? null),
    baseChange: probe ? null : (state.baseChange ?? null),
    schedule: probe ? null : (state.schedule ?? null),
    place: assignment.place ?? null,
    deadlineAt: stage.deadlineAt,
  }
}
