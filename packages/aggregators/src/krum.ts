/** Krum. Blanchard et al. 2017 (https://arxiv.org/abs/1703.02757), section 4. */
import { z } from 'zod'
import { byKrumScore, krumRadii, squaredDistances } from './krum-scores.ts'
import { defineRobustRule } from './robust-rule.ts'
import { attackersOption } from './robustness.ts'

/**
 * The one update whose n − f − 2 nearest others are nearest: argminᵢ Σ ‖xᵢ − xⱼ‖² over them.
 * Bound: `krumRadii`. It is lost to n − f − 1 attackers that send the same: each then has neighbours at distance 0 only.
 */
export const krum = defineRobustRule({
  name: 'krum',
  config: z.object({ attackers: attackersOption }),
  profile: { paper: 'Blanchard et al. 2017 (https://arxiv.org/abs/1703.02757)', cost: 'O(n² p)' },
  robustness: {
    tolerates: (_, { attackers }) => attackers,
    breaks: (clients, { attackers }) => clients - attackers - 1,
    minimumClients: ({ attackers }) => 2 * attackers + 3,
    bound: ({ clients, radius }, { attackers }) => radius * krumRadii(clients, attackers),
    hull: 'received',
    text: '`attackers` f, of at least 2 f + 3 clients',
  },
  combine(updates, { attackers }) {
    const [best] = byKrumScore(squaredDistances(updates), [...updates.keys()], attackers)
    return Float64Array.from(updates[best!]!)
  },
})
