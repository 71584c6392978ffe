/** FLoRA. Wang et al. 2024 (https://arxiv.org/abs/2409.05976), Algorithm 1. */
import { definePairRule } from './pair-rule.ts'

/**
 * Stacking: Σ pᵢ Bᵢ Aᵢ = [p₁ B₁ … pₙ Bₙ] [A₁; …; Aₙ] goes into the base weight, of rank n r, and the factors start anew:
 * B = 0 and an A drawn from the run's seed and the round. A start that is made from base weights or data begins again
 * where it first began.
 */
export const flora = definePairRule({
  name: 'flora',
  profile: { paper: 'Wang et al. 2024 (https://arxiv.org/abs/2409.05976)', cost: 'O(n p)' },
  rest: 'base',
  place: ({ restart }) => restart,
})
