/** Federated averaging. McMahan et al. 2017 (https://arxiv.org/abs/1602.05629), Algorithm 1, on updates. */
import { z } from 'zod'
import { defineAggregator } from './aggregator.ts'
import { meanFold } from './mean-fold.ts'
import { TRUSTING } from './robustness.ts'

/**
 * The exact mean of `meanFold`, and only where it is the mean of the weight changes too: the change of the base model must
 * be affine in the coordinates that are trained together.
 */
export const weightedMean = defineAggregator({
  name: 'weighted-mean',
  config: z.object({}),
  profile: {
    paper: 'McMahan et al. 2017 (https://arxiv.org/abs/1602.05629)',
    exactFor: ['linear', 'linear-if-frozen'],
    inexact: 'refused',
    reads: 'updates',
    gives: 'step',
    keeps: 'sum',
    weights: 'used',
    cost: 'O(n p)',
  },
  robustness: TRUSTING,
  begin: meanFold,
})
