import type { Aggregator } from '@tessera/aggregators'

/** A rule told of as many attackers as it can withstand, if it is told of any, and how many those are. */
export interface BreakdownPoint {
  readonly config: Record<string, unknown>
  readonly attackers: number
}

/**
 * So many clients are no more than any rule needs at its breakdown point: 43 = 2 · 21 + 1 = 2 · 20 + 3 = 4 · 10 + 3. And
 * attackers have room among them: z of `littleEnough` is 1.69, 1.36 and 0.35, where a handful of clients leaves them none.
 */
export const CROWD = 43

/**
 * The most attackers among `clients` for which the rule states a bound, a minority of them all the same: a majority has
 * nobody to hide among. 0 attackers for a rule that withstands none.
 *
 * @param options Options of the rule; the number of attackers among them does not matter.
 */
export function breakdownPoint(aggregator: Aggregator, options: object, clients: number): BreakdownPoint {
  const { minimumClients, tolerates } = aggregator.robustness
  for (let attackers = Math.floor((clients - 1) / 2); attackers > 0; attackers--) {
    const config = aggregator.config.parse({ ...options, attackers })
    if (minimumClients(config) <= clients && tolerates(clients, config) >= attackers) return { config, attackers }
  }
  return { config: aggregator.config.parse(options), attackers: 0 }
}
