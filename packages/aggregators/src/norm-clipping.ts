/** Norm clipping. Sun et al. 2019 (https://arxiv.org/abs/1911.07963), section 4. */
import { type Update, unwrap } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineAggregator } from './aggregator.ts'
import { norm } from './euclidean.ts'
import { meanFold } from './mean-fold.ts'

/**
 * Σ wᵢ cᵢ / Σ wᵢ with cᵢ = uᵢ · min(1, C / ‖uᵢ‖) rounded to float32: the exact weighted mean of clipped updates.
 *
 * Bound: every ‖cᵢ‖ ≤ C, so the result's norm is at most C and it lies within ‖m‖ + C of the honest mean m, whoever is
 * an attacker. That limits how far a round can go and not whereto: one attacker of weight share w still moves the result
 * by up to 2 w C.
 */
export const normClipping = defineAggregator({
  name: 'norm-clipping',
  config: z.object({ maxNorm: z.number().positive().default(10).describe('largest L2 norm C of an update') }),
  profile: {
    paper: 'Sun et al. 2019 (https://arxiv.org/abs/1911.07963)',
    exactFor: [],
    inexact: 'measured',
    reads: 'updates',
    gives: 'step',
    keeps: 'sum',
    weights: 'used',
    cost: 'O(n p)',
  },
  robustness: {
    tolerates: (clients) => clients - 1,
    breaks: () => Number.POSITIVE_INFINITY,
    minimumClients: () => 1,
    bound: ({ meanNorm }, { maxNorm }) => meanNorm + maxNorm,
    hull: 'none',
    text: 'any number can not move the result beyond `maxNorm`; within it, one can',
  },
  begin(grid, { maxNorm }) {
    const [received, clipped] = [meanFold(grid), meanFold(grid)]
    return {
      get count() {
        return received.count
      },
      get totalWeight() {
        return received.totalWeight
      },
      add(update, weight) {
        const added = received.add(update, weight)
        if (added.ok) unwrap(clipped.add(clip(update, maxNorm), weight))
        return added
      },
      maxAbs: received.maxAbs,
      finish: clipped.finish,
    }
  },
})

/** u · min(1, C / ‖u‖), the norm and the product in float64. */
function clip(update: Update, maxNorm: number): Update {
  const length = norm(update)
  return length <= maxNorm ? update : update.map((value) => value * (maxNorm / length))
}
