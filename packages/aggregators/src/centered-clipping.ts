/** Centered clipping. Karimireddy et al. 2021 (https://arxiv.org/abs/2012.10333), Algorithm 2. */
import type { Update } from '@tessera/vocabulary'
import { z } from 'zod'
import { coordinateWise, median } from './coordinate-wise.ts'
import { squaredDistance } from './euclidean.ts'
import { defineRobustRule } from './robust-rule.ts'
import { minority } from './robustness.ts'

/**
 * v ← v + mean((xᵢ − v) · min(1, τ / ‖xᵢ − v‖)), a fixed number of times: the mean, in which nobody pulls by more than
 * τ. The paper starts at the last round's result; a round knows nothing of another, so this starts at the coordinate-wise
 * median. τ → 0 is that median, a large τ the mean.
 *
 * Bound: the start lies within `range` of the honest mean m. An honest pull ends between v and xᵢ, no further from m
 * than max(‖v − m‖, radius); each attacker adds at most τ / n a step.
 */
export const centeredClipping = defineRobustRule({
  name: 'centered-clipping',
  config: z.object({
    radius: z.number().positive().default(1).describe('τ, the longest pull of one update, an L2 norm'),
    iterations: z.number().int().nonnegative().default(1).describe('steps from the coordinate-wise median'),
  }),
  profile: {
    paper: 'Karimireddy et al. 2021 (https://arxiv.org/abs/2012.10333)',
    cost: 'O(n log n · p + iterations · n p)',
  },
  robustness: {
    tolerates: minority,
    breaks: (clients) => minority(clients) + 1,
    minimumClients: () => 1,
    bound: ({ clients, attackers, radius, range }, config) =>
      Math.max(range, radius) + (config.iterations * config.radius * attackers) / clients,
    hull: 'received',
    text: 'less than half of the clients, each worth `radius`',
  },
  combine(updates, { radius, iterations }) {
    const centre = coordinateWise(updates, median)
    for (let step = 0; step < iterations; step++) pullInto(centre, updates, radius)
    return centre
  },
})

/** One step of the algorithm, in place. */
function pullInto(centre: Float64Array, updates: readonly Update[], radius: number): void {
  const pull = new Float64Array(centre.length)
  for (const update of updates) {
    const scale = Math.min(1, radius / Math.sqrt(squaredDistance(update, centre)))
    for (let i = 0; i < pull.length; i++) pull[i] = pull[i]! + scale * (update[i]! - centre[i]!)
  }
  for (let i = 0; i < pull.length; i++) centre[i] = centre[i]! + pull[i]! / updates.length
}
