import type { RunState } from './run-state.ts'

/** The coordinator's own work in a run. */
export type Duty = 'make-factors' | 'reduce-pass' | 'aggregate' | 'commit'

/** The work that a run waits for at the coordinator; null while it waits for clients or people, or has ended. */
export function dutyOf({ phase, stage }: RunState): Duty | null {
  if (phase === 'aggregating') return 'aggregate'
  if (phase === 'committing') return 'commit'
  if (phase !== 'initialising') return null
  if (stage === null) return 'make-factors'
  return stage.closed ? 'reduce-pass' : null
}
