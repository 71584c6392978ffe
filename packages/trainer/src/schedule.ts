import { z } from 'zod'

const warmupSteps = z.int().nonnegative().default(0).describe('steps over which the learning rate rises linearly')

/** How the learning rate changes over the steps of the whole run. */
export const schedule = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant'), warmupSteps }),
  z.strictObject({ kind: z.literal('cosine'), warmupSteps }),
])

export type Schedule = z.infer<typeof schedule>

/**
 * What the learning rate is multiplied by in a step: (step + 1) / warmupSteps during the warm-up, then 1, or
 * (1 + cos(π · t)) / 2 with t running from 0 towards 1 over the steps that are left (Loshchilov and Hutter 2016,
 * https://arxiv.org/abs/1608.03983, one cycle).
 *
 * @param step From 0, counted over the whole run.
 * @param totalSteps Steps of the whole run; later steps have the last one's factor.
 */
export function scheduleFactor({ kind, warmupSteps }: Schedule, step: number, totalSteps: number): number {
  if (step < warmupSteps) return (step + 1) / warmupSteps
  if (kind === 'constant') return 1
  const progress = (Math.min(step, totalSteps - 1) - warmupSteps) / Math.max(1, totalSteps - warmupSteps)
  return (1 + Math.cos(Math.PI * Math.max(0, progress))) / 2
}
