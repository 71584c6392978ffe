import type { Assignment } from '@tessera/protocol'
import type { WorkProgress } from '@tessera/runs'
import type { ErrorCode } from '@tessera/vocabulary'
import type { CoordinatorLink } from './coordinator-link.ts'

/** Progress is sent at most this often. */
const EVERY_MS = 400

/** Refusals that say: nobody waits for this work any more. */
export const CALLED_OFF: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'unknown-run',
  'unknown-assignment',
  'round-over',
])

/**
 * Tells the coordinator how far an assignment is: now and then, by a clock that nobody can set, and one message at a
 * time. `calledOff` is called when the answer is that the work is no longer wanted: its `cancel` was lost.
 */
export function progressSender(
  link: CoordinatorLink,
  { runId, round, assignmentId }: Pick<Assignment, 'runId' | 'round' | 'assignmentId'>,
  calledOff: () => void,
): (progress: WorkProgress) => void {
  let [sentAt, underWay] = [Number.NEGATIVE_INFINITY, false]
  return (progress) => {
    const now = performance.now()
    if (underWay || (now - sentAt < EVERY_MS && progress.step < progress.steps)) return
    sentAt = now
    underWay = true
    void link.request({ type: 'progress', runId, round, assignmentId, ...progress }).then((answer) => {
      underWay = false
      if (!answer.ok && CALLED_OFF.has(answer.error.code)) calledOff()
    })
  }
}
