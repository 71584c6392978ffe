import { FedError, type Update } from '@tessera/vocabulary'
import type { z } from 'zod'
import { type Aggregator, type AggregatorDefinition, defineAggregator, type RuleProfile } from './aggregator.ts'
import { keepingFold } from './keeping-fold.ts'

/** A rule that looks at all updates at once and counts every client the same. */
export interface RobustRule<Config extends z.ZodObject>
  extends Pick<AggregatorDefinition<Config>, 'name' | 'config' | 'robustness'> {
  readonly profile: Pick<RuleProfile, 'paper' | 'cost'>
  /**
   * The aggregated update, in float64. Every operation is one that IEEE 754 rounds exactly (+ − × ÷ √).
   *
   * @param updates At least `minimumClients`, of equal lengths, in an order that depends on their bytes alone.
   */
  combine(updates: readonly Update[], config: z.output<Config>): Float64Array
}

/** An aggregator that keeps its updates until `finish`, checked as an exact sum checks them. */
export function defineRobustRule<Config extends z.ZodObject>(rule: RobustRule<Config>): Aggregator<Config> {
  const { name, config: schema, robustness, combine } = rule
  return defineAggregator<Config>({
    name,
    config: schema,
    robustness,
    profile: {
      ...rule.profile,
      exactFor: [],
      inexact: 'measured',
      reads: 'updates',
      gives: 'step',
      keeps: 'updates',
      weights: 'ignored',
    },
    begin: (grid, config) =>
      keepingFold(grid, ({ updates }) => {
        requireClients(rule, updates.length, config)
        const combined = combine(
          updates.map(({ update }) => update),
          config,
        )
        return { update: Float32Array.from(combined) }
      }),
  })
}

function requireClients<Config extends z.ZodObject>(
  { name, robustness }: RobustRule<Config>,
  clients: number,
  config: z.output<Config>,
): void {
  const minimum = robustness.minimumClients(config)
  if (clients >= minimum) return
  throw new FedError('too-few-clients', `${name} needs at least ${minimum} updates, got ${clients}`, {
    details: { clients, minimum, ...config },
    fix: `Ask for a quorum of ${minimum} clients, or reckon with fewer attackers.`,
  })
}
