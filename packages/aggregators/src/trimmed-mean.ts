/** Coordinate-wise trimmed mean. Yin et al. 2018 (https://arxiv.org/abs/1803.01498), Algorithm 1, option II. */
import { z } from 'zod'
import { coordinateWise, meanBetween } from './coordinate-wise.ts'
import { defineRobustRule } from './robust-rule.ts'
import { attackersOption } from './robustness.ts'

/**
 * Each coordinate's mean without its f smallest and its f largest values.
 *
 * Bound: what is left, the sorted values at f + 1 … n − f, lies between honest ones as long as there are at most f
 * attackers; so does its mean, and so does the honest mean.
 */
export const trimmedMean = defineRobustRule({
  name: 'trimmed-mean',
  config: z.object({ attackers: attackersOption }),
  profile: { paper: 'Yin et al. 2018 (https://arxiv.org/abs/1803.01498)', cost: 'O(n log n · p)' },
  robustness: {
    tolerates: (_, { attackers }) => attackers,
    breaks: (_, { attackers }) => attackers + 1,
    minimumClients: ({ attackers }) => 2 * attackers + 1,
    bound: ({ range }) => range,
    hull: 'honest',
    text: '`attackers` f, of at least 2 f + 1 clients',
  },
  combine: (updates, { attackers }) =>
    coordinateWise(updates, (sorted) => meanBetween(sorted, attackers, sorted.length - attackers)),
})
