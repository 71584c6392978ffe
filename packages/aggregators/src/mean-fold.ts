import { createExactSum, type SumGrid } from '@tessera/math'
import { addTo } from './add-to.ts'
import type { Fold } from './aggregator.ts'

/**
 * mean = Σ wᵢ uᵢ / Σ wᵢ, with every uᵢ rounded to the grid once, integer sums, and one division at the end: the same
 * bytes in any order of arrival, on any machine, after any restart. It holds one sum.
 */
export function meanFold(grid: SumGrid): Fold {
  const sum = createExactSum(grid)
  let count = 0
  return {
    get count() {
      return count
    },
    get totalWeight() {
      return sum.totalWeight
    },
    add(update, weight) {
      const added = addTo(sum, update, weight)
      if (added.ok) count += 1
      return added
    },
    maxAbs: () => sum.maxAbs(),
    finish: () => sum.mean(),
  }
}
