/** Bulyan. El Mhamdi et al. 2018 (https://arxiv.org/abs/1802.07927), section 4, on Krum. */
import { z } from 'zod'
import { type Column, coordinateWise, meanBetween, median } from './coordinate-wise.ts'
import { byKrumScore, squaredDistances } from './krum-scores.ts'
import { defineRobustRule } from './robust-rule.ts'
import { attackersOption } from './robustness.ts'

/**
 * θ = n − 2f updates are chosen one by one, each by Krum among those left; then each coordinate is the mean of the
 * β = θ − 2f chosen values that are nearest to their median.
 *
 * Bound: θ ≥ 2f + 3 holds at most f attackers, so the median lies in the honest range, and the θ − f ≥ β honest values
 * lie within that range's width of it; so do the β nearest. Their mean is within two widths of the honest mean. This
 * rests on the counts alone, not on Krum.
 *
 * Broken: of a attackers that send the same, a − f or more are chosen, since those left have neighbours at distance 0
 * only as soon as n − f − 1 − a honest updates are chosen. When a > n/2, that is more than half of θ: the median is theirs.
 */
export const bulyan = defineRobustRule({
  name: 'bulyan',
  config: z.object({ attackers: attackersOption }),
  profile: { paper: 'El Mhamdi et al. 2018 (https://arxiv.org/abs/1802.07927)', cost: 'O(n² p + n³ log n)' },
  robustness: {
    tolerates: (_, { attackers }) => attackers,
    breaks: (clients) => Math.floor(clients / 2) + 1,
    minimumClients: ({ attackers }) => 4 * attackers + 3,
    bound: ({ range }) => 2 * range,
    hull: 'received',
    text: '`attackers` f, of at least 4 f + 3 clients',
  },
  combine(updates, { attackers }) {
    const distances = squaredDistances(updates)
    let left: readonly number[] = [...updates.keys()]
    const chosen: number[] = []
    while (chosen.length < updates.length - 2 * attackers) {
      const [best] = byKrumScore(distances, left, attackers)
      chosen.push(best!)
      left = left.filter((index) => index !== best)
    }
    const selected = chosen.map((index) => updates[index]!)
    return coordinateWise(selected, meanNearMedian(selected.length - 2 * attackers))
  },
})

/** The mean of the `count` values nearest to the median; of two at the same distance, the smaller counts as nearer. */
function meanNearMedian(count: number): Column {
  return (sorted) => {
    const middle = median(sorted)
    let start = 0
    let end = sorted.length
    while (end - start > count) {
      if (sorted[end - 1]! - middle >= middle - sorted[start]!) end -= 1
      else start += 1
    }
    return meanBetween(sorted, start, end)
  }
}
