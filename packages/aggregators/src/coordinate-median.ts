/** Coordinate-wise median. Yin et al. 2018 (https://arxiv.org/abs/1803.01498), Algorithm 1, option I. */
import { z } from 'zod'
import { coordinateWise, median } from './coordinate-wise.ts'
import { defineRobustRule } from './robust-rule.ts'
import { minority } from './robustness.ts'

/**
 * Each coordinate's median; of an even number, the mean of the two in the middle.
 *
 * Bound: with f < n/2 attackers the sorted values at f + 1 … n − f lie between honest ones, and the middle ones are among
 * these. So every coordinate lies in the honest range, as the honest mean does.
 */
export const coordinateMedian = defineRobustRule({
  name: 'coordinate-median',
  config: z.object({}),
  profile: { paper: 'Yin et al. 2018 (https://arxiv.org/abs/1803.01498)', cost: 'O(n log n · p)' },
  robustness: {
    tolerates: minority,
    breaks: (clients) => minority(clients) + 1,
    minimumClients: () => 1,
    bound: ({ range }) => range,
    hull: 'honest',
    text: 'less than half of the clients',
  },
  combine: (updates) => coordinateWise(updates, median),
})
