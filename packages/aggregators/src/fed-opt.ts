/** Adaptive federated optimization. Reddi et al. 2021 (https://arxiv.org/abs/2003.00295), Algorithm 2. */
import type { Update } from '@tessera/vocabulary'
import { z } from 'zod'
import type { ServerOptimizerState, ServerStep } from './server-optimizer.ts'

export const FED_OPT_PAPER = 'Reddi et al. 2021 (https://arxiv.org/abs/2003.00295)'

/** The options that all of them have. */
export const fedOptOptions = z.object({
  learningRate: z.number().positive().default(0.01).describe('server learning rate η'),
  beta1: z.number().min(0).lt(1).default(0.9).describe('β₁, the share of the first moment that is kept'),
  adaptivity: z.number().positive().default(1e-3).describe('τ, added to the root of the second moment'),
})

/** The option of those that forget old squares. */
export const beta2Option = z
  .number()
  .min(0)
  .lt(1)
  .default(0.99)
  .describe('β₂, the share of the second moment that is kept')

/** m = 0 and v = τ², the least that the paper allows. */
export const fedOptBegin = (length: number, { adaptivity }: z.output<typeof fedOptOptions>): ServerOptimizerState => [
  new Float32Array(length),
  new Float32Array(length).fill(adaptivity * adaptivity),
]

/**
 * m ← β₁ m + (1 − β₁) Δ, v ← `secondMoment`, step η m / (√v + τ), coordinate by coordinate in float64; no bias
 * correction, as in the paper. m and v are rounded to float32 before they are used, so that a restart changes nothing.
 * τ > 0 keeps the step defined where there was nothing but zeros.
 *
 * @param secondMoment v of the next round, from v and Δ².
 */
export function fedOptStep(
  [first, second]: ServerOptimizerState,
  update: Update,
  { learningRate, beta1, adaptivity }: z.output<typeof fedOptOptions>,
  secondMoment: (variance: number, squared: number) => number,
): ServerStep {
  const moment = first!.map((value, at) => beta1 * value + (1 - beta1) * update[at]!)
  const variance = second!.map((value, at) => secondMoment(value, update[at]! * update[at]!))
  const step = moment.map((value, at) => (learningRate * value) / (Math.sqrt(variance[at]!) + adaptivity))
  return { update: step, state: [moment, variance] }
}
