import type { ClientId } from '@tessera/vocabulary'
import { type Duty, dutyOf } from './duty.ts'
import type { RunRecord, RunState, Stage } from './run-state.ts'
import { isOpen, presentClients } from './staffing.ts'
import { holdsPlace, isAwaited, stageRules } from './stage-rules.ts'

/** What a run that has not ended waits for, by name; nothing else has to happen for it to go on. */
export type Waiting =
  /** So many more clients may take part; from `until` on fewer are enough, or those who are there are asked again. */
  | { readonly for: 'clients'; readonly missing: number; readonly until: number }
  /** These clients are at work; the stage goes on at `until` without them. */
  | { readonly for: 'updates'; readonly of: readonly ClientId[]; readonly until: number }
  /** The coordinator's own work, which is under way. */
  | { readonly for: 'duty'; readonly duty: Duty }
  /** Someone has to see to the reason, and to resume the run. */
  | { readonly for: 'person'; readonly reason: string }
  /** The coordinator resumes the run when there is room on its disk. */
  | { readonly for: 'room'; readonly reason: string }

/** What the run waits for; null when it has ended. */
export function waitsFor(record: RunRecord, state: RunState): Waiting | null {
  const { phase, pauseCause, recruitUntil, stage } = state
  const duty = dutyOf(state)
  if (phase === 'finished' || phase === 'abandoned') return null
  if (phase === 'paused') return { for: pauseCause === 'disk-full' ? 'room' : 'person', reason: state.message ?? '' }
  if (duty !== null) return { for: 'duty', duty }
  if (stage !== null) return waitsInStage(record, stage)
  const missing = record.spec.rounds.cohort.size - presentClients(state).length
  return { for: 'clients', missing, until: recruitUntil }
}

/** Late work is waited for where nobody else is at work. */
function waitsInStage(record: RunRecord, stage: Stage): Waiting {
  const rules = stageRules(record, stage)
  const open = stage.assignments.filter(isOpen)
  const awaited = open.filter((own) => isAwaited(rules, stage, own))
  const of = (awaited.length > 0 ? awaited : open).map(({ clientId }) => clientId)
  if (of.length > 0) return { for: 'updates', of, until: stage.deadlineAt }
  const held = stage.assignments.filter((own) => holdsPlace(rules, stage, own)).length
  return { for: 'clients', missing: rules.places - held, until: stage.deadlineAt }
}
