/** No server optimizer: FedAvg. McMahan et al. 2017 (https://arxiv.org/abs/1602.05629). */
import { z } from 'zod'
import { defineServerOptimizer } from './server-optimizer.ts'

/** The update itself. */
export const serverNone = defineServerOptimizer({
  name: 'none',
  config: z.object({}),
  paper: 'McMahan et al. 2017 (https://arxiv.org/abs/1602.05629)',
  begin: () => [],
  step: (state, update) => ({ update, state }),
})
