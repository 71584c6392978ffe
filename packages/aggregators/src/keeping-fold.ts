import { createExactSum, type ExactSum, type SumGrid } from '@tessera/math'
import { FedError, type Update } from '@tessera/vocabulary'
import { addTo } from './add-to.ts'
import type { Fold } from './aggregator.ts'
import { inCanonicalOrder } from './canonical-order.ts'
import type { BaseChange } from './fold-context.ts'
import type { WeightedUpdate } from './weighted-update.ts'

/** All that comes of a fold. */
export interface Conclusion {
  readonly update: Update
  readonly rest?: readonly BaseChange[]
  readonly measures?: Readonly<Record<string, number>>
}

/** All that went into a fold. */
export interface KeptUpdates {
  /** At least one, in canonical order. */
  readonly updates: readonly WeightedUpdate[]
  readonly sum: ExactSum
}

/** A fold that keeps its updates until the end, each checked as an exact sum checks it. */
export function keepingFold(grid: SumGrid, conclude: (kept: KeptUpdates) => Conclusion): Fold {
  const sum = createExactSum(grid)
  const kept: WeightedUpdate[] = []
  let known: Conclusion | null = null
  const conclusion = (): Conclusion => {
    if (kept.length === 0) throw new FedError('invalid-argument', 'the aggregate of nothing is not defined')
    known ??= conclude({ updates: inCanonicalOrder(kept), sum })
    return known
  }
  return {
    get count() {
      return kept.length
    },
    get totalWeight() {
      return sum.totalWeight
    },
    add(update, weight) {
      const added = addTo(sum, update, weight)
      if (added.ok) {
        kept.push({ update: update.slice(), weight })
        known = null
      }
      return added
    },
    maxAbs: () => sum.maxAbs(),
    finish: () => conclusion().update.slice(),
    rest: () => conclusion().rest ?? [],
    measures: () => conclusion().measures ?? {},
  }
}
