/** FedYogi. Reddi et al. 2021 (https://arxiv.org/abs/2003.00295), Algorithm 2. */
import { beta2Option, FED_OPT_PAPER, fedOptBegin, fedOptOptions, fedOptStep } from './fed-opt.ts'
import { defineServerOptimizer } from './server-optimizer.ts'

/** v ← v − (1 − β₂) Δ² sign(v − Δ²): v grows as in Adam and shrinks no faster than Δ² is small. */
export const serverYogi = defineServerOptimizer({
  name: 'yogi',
  config: fedOptOptions.extend({ beta2: beta2Option }),
  paper: FED_OPT_PAPER,
  begin: fedOptBegin,
  step: (state, update, config) =>
    fedOptStep(state, update, config, (v, squared) => v - (1 - config.beta2) * squared * Math.sign(v - squared)),
})
