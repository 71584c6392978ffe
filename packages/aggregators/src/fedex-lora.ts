/** FedEx-LoRA. Singhal et al. 2025 (https://arxiv.org/abs/2410.09432), section 4. */
import { definePairRule } from './pair-rule.ts'

/**
 * B̄ = Σ pᵢ Bᵢ and Ā = Σ pᵢ Aᵢ as in FedIT, and the residual Σ pᵢ Bᵢ Aᵢ − B̄ Ā goes into the base weight, as two factors
 * of rank (n + 1) r: nothing is lost.
 */
export const fedexLora = definePairRule({
  name: 'fedex-lora',
  profile: { paper: 'Singhal et al. 2025 (https://arxiv.org/abs/2410.09432)', cost: 'O(n p)' },
  rest: 'base',
  place: ({ mean }) => mean,
})
