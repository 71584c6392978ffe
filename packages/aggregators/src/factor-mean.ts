/** FedIT. Zhang et al. 2024 (https://arxiv.org/abs/2305.05644), section 3.3, on updates. */
import { z } from 'zod'
import { defineAggregator } from './aggregator.ts'
import { weightedMean } from './weighted-mean.ts'

/**
 * Every factor's mean by itself, whatever the factors are multiplied with: B̄ = Σ pᵢ Bᵢ and Ā = Σ pᵢ Aᵢ with
 * pᵢ = wᵢ / Σ w. B̄ Ā is not Σ pᵢ Bᵢ Aᵢ: the terms of unlike clients, pᵢ pⱼ Bᵢ Aⱼ, are noise. Kept to be compared with;
 * the gap is measured in every round.
 */
export const factorMean = defineAggregator({
  name: 'factor-mean',
  config: z.object({}),
  profile: {
    ...weightedMean.profile,
    paper: 'Zhang et al. 2024 (https://arxiv.org/abs/2305.05644)',
    inexact: 'measured',
  },
  robustness: weightedMean.robustness,
  begin: weightedMean.begin,
})
