/** FedAdam. Reddi et al. 2021 (https://arxiv.org/abs/2003.00295), Algorithm 2. */
import { beta2Option, FED_OPT_PAPER, fedOptBegin, fedOptOptions, fedOptStep } from './fed-opt.ts'
import { defineServerOptimizer } from './server-optimizer.ts'

/** v ← β₂ v + (1 − β₂) Δ² */
export const serverAdam = defineServerOptimizer({
  name: 'adam',
  config: fedOptOptions.extend({ beta2: beta2Option }),
  paper: FED_OPT_PAPER,
  begin: fedOptBegin,
  step: (state, update, config) =>
    fedOptStep(state, update, config, (v, squared) => config.beta2 * v + (1 - config.beta2) * squared),
})
