/** FedAvgM. Hsu et al. 2019 (https://arxiv.org/abs/1909.06335), section 3.2. */
import { z } from 'zod'
import { defineServerOptimizer } from './server-optimizer.ts'

/** m ← β m + Δ, step η m. With β = 0 and η = 1 the step is the update. */
export const serverMomentum = defineServerOptimizer({
  name: 'momentum',
  config: z.object({
    learningRate: z.number().positive().default(1).describe('server learning rate η'),
    momentum: z.number().min(0).lt(1).default(0.9).describe('share β of the last rounds that is kept'),
  }),
  paper: 'Hsu et al. 2019 (https://arxiv.org/abs/1909.06335)',
  begin: (length) => [new Float32Array(length)],
  step([velocity], update, { learningRate, momentum }) {
    const next = velocity!.map((value, at) => momentum * value + update[at]!)
    return { update: next.map((value) => learningRate * value), state: [next] }
  },
})
