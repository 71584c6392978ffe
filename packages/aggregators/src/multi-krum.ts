/** Multi-Krum. Blanchard et al. 2017 (https://arxiv.org/abs/1703.02757), section 5, with m = n − f. */
import { z } from 'zod'
import { mean } from './euclidean.ts'
import { byKrumScore, krumRadii, squaredDistances } from './krum-scores.ts'
import { defineRobustRule } from './robust-rule.ts'
import { attackersOption } from './robustness.ts'

/**
 * The mean of the n − f updates with the lowest Krum scores, scored once.
 * Bound: `krumRadii`, which holds for every one of them. One attacker more than f is bound to be among them.
 */
export const multiKrum = defineRobustRule({
  name: 'multi-krum',
  config: z.object({ attackers: attackersOption }),
  profile: { paper: 'Blanchard et al. 2017 (https://arxiv.org/abs/1703.02757)', cost: 'O(n² p)' },
  robustness: {
    tolerates: (_, { attackers }) => attackers,
    breaks: (_, { attackers }) => attackers + 1,
    minimumClients: ({ attackers }) => 2 * attackers + 3,
    bound: ({ clients, radius }, { attackers }) => radius * krumRadii(clients, attackers),
    hull: 'received',
    text: '`attackers` f, of at least 2 f + 3 clients',
  },
  combine(updates, { attackers }) {
    const ranked = byKrumScore(squaredDistances(updates), [...updates.keys()], attackers)
    return mean(ranked.slice(0, updates.length - attackers).map((index) => updates[index]!))
  },
})
