/** Geometric median by the smoothed Weiszfeld algorithm. Pillutla et al. 2022 (https://arxiv.org/abs/1912.13445), RFA. */
import { z } from 'zod'
import { coordinateWise, median } from './coordinate-wise.ts'
import { mean, squaredDistance } from './euclidean.ts'
import { defineRobustRule } from './robust-rule.ts'
import { minority } from './robustness.ts'

/**
 * y ← Σ βᵢ xᵢ / Σ βᵢ with βᵢ = 1 / max(ν, ‖y − xᵢ‖), a fixed number of times: towards the point with the least sum of
 * distances. RFA starts at the mean, which one attacker can put so far away that no fixed number of steps comes back;
 * this starts at the coordinate-wise median. All clients count the same.
 *
 * Bound: a step never raises the smoothed sum of distances, which is at most n ν / 2 above the plain one. The start lies
 * within `range` of the honest mean m. Comparing both sums, honest and attacking parts apart, with the triangle
 * inequality: (n − 2f) ‖y − m‖ ≤ 2 (n − f) radius + n range + n ν / 2.
 */
export const geometricMedian = defineRobustRule({
  name: 'geometric-median',
  config: z.object({
    iterations: z.number().int().nonnegative().default(32).describe('steps of the Weiszfeld algorithm'),
    smoothing: z.number().positive().default(1e-6).describe('ν, the least distance that is divided by'),
  }),
  profile: {
    paper: 'Pillutla et al. 2022 (https://arxiv.org/abs/1912.13445)',
    cost: 'O(n log n · p + iterations · n p)',
  },
  robustness: {
    tolerates: minority,
    breaks: (clients) => minority(clients) + 1,
    minimumClients: () => 1,
    bound: ({ clients: n, attackers: f, radius, range }, { smoothing }) =>
      (2 * (n - f) * radius + n * range + (n * smoothing) / 2) / (n - 2 * f),
    hull: 'received',
    text: 'less than half of the clients',
  },
  combine(updates, { iterations, smoothing }) {
    let centre = coordinateWise(updates, median)
    for (let step = 0; step < iterations; step++) {
      const weights = updates.map((update) => 1 / Math.max(smoothing, Math.sqrt(squaredDistance(update, centre))))
      centre = mean(updates, weights)
    }
    return centre
  },
})
