import { createRandomStream } from '@tessera/math'
import { type ClientId, clientId } from '@tessera/vocabulary'

export interface Draw {
  readonly seed: number
  readonly kind: 'probe' | 'train'
  readonly index: number
  readonly attempt: number
  readonly size: number
}

/**
 * The clients of a stage: `size` of the candidates, uniformly without replacement, by the run's seed. The order of
 * the candidates does not matter; with too few of them all are taken.
 */
export function drawCohort(candidates: readonly string[], { seed, kind, index, attempt, size }: Draw): ClientId[] {
  const sorted = [...candidates].sort()
  if (sorted.length <= size) return sorted.map(clientId)
  const random = createRandomStream({ seed, purpose: `cohort-${kind}`, round: index, client: 0, block: attempt })
  return [...random.sample(sorted, size)].sort().map(clientId)
}
