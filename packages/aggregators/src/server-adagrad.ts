/** FedAdagrad. Reddi et al. 2021 (https://arxiv.org/abs/2003.00295), Algorithm 2. */
import { FED_OPT_PAPER, fedOptBegin, fedOptOptions, fedOptStep } from './fed-opt.ts'
import { defineServerOptimizer } from './server-optimizer.ts'

/** v ← v + Δ², without momentum unless β₁ is set, as in the paper's experiments. */
export const serverAdagrad = defineServerOptimizer({
  name: 'adagrad',
  config: fedOptOptions.extend({ beta1: fedOptOptions.shape.beta1.unwrap().default(0) }),
  paper: FED_OPT_PAPER,
  begin: fedOptBegin,
  step: (state, update, config) => fedOptStep(state, update, config, (v, squared) => v + squared),
})
