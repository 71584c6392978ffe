import type { RunPhase } from '@tessera/federation'

/** Whether nothing follows any more. */
export const hasEnded = (phase: RunPhase): boolean => phase === 'finished' || phase === 'abandoned'
