import type { Effect } from './effects.ts'
import type { RunRecord, Stage } from './run-state.ts'
import { stageRules } from './stage-rules.ts'

/** The deadlines of a stage that begins, or starts over, at this time. */
export function deadlinesFrom({ spec }: RunRecord, at: number): Pick<Stage, 'softDeadlineAt' | 'deadlineAt'> {
  const { softMs, hardMs } = spec.rounds.deadline
  return { softDeadlineAt: at + softMs, deadlineAt: at + hardMs }
}

/** The next time at which a look at the clock may change the stage: the soft deadline only where a quorum is less. */
export function nextDeadline(record: RunRecord, stage: Stage, at: number): Effect {
  const soft = at < stage.softDeadlineAt && record.spec.rounds.cohort.quorum < stageRules(record, stage).enough
  return { type: 'set-deadline', at: soft ? stage.softDeadlineAt : stage.deadlineAt }
}
