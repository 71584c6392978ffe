import { readFileSync } from 'node:fs'
import {
  type Attack,
  aggregateUnderAttack,
  aLittleIsEnough,
  attacks,
  breakdownPoint,
  CROWD,
  distanceOf,
  honestUpdates,
  meanOf,
  type RuleUnderAttack,
  spreadOf,
} from '@tessera/testing'
import type { Update } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { type Aggregator, aggregators, serverOptimizers, weightedMean } from './index.ts'
import { minority, TRUSTING } from './robustness.ts'

/** A document whose tables have lost the formatter's padding. */
const read = (path: string) =>
  readFileSync(new URL(path, import.meta.url), 'utf8')
    .replaceAll(/ +\|/g, ' |')
    .replaceAll(/-{3,}/g, '---')
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

describe('documents', () => {
  it('the README lists the rules as the registry has them', () => {
    const rows = aggregators.plugins.map(({ name, profile, robustness }) => [
      `\`${name}\``,
      profile.paper,
      robustness.text,
      profile.cost,
      profile.weights,
    ])
    expect(read('../README.md')).toContain(table(['rule', 'paper', 'attackers it withstands', 'time', 'weights'], rows))
  })

  it('the README lists the server optimizers as the registry has them', () => {
    const rows = serverOptimizers.plugins.map(({ name, paper, begin, config }) => [
      `\`${name}\``,
      paper,
      String(begin(1, config.parse({})).length),
    ])
    expect(read('../README.md')).toContain(table(['server optimizer', 'paper', 'vectors kept'], rows))
  })

  it('docs/aggregation.md shows what the attacks do', () => {
    const rows = aggregators.plugins.map((aggregator) => {
      const { config, attackers, honest } = atBreakdownPoint(aggregator)
      const distances = attacks.map((attack) => distanceUnder(attack, { aggregator, config }, { honest, attackers }))
      const spread = spreadOf(honest, attackers)
      const bound = aggregator.robustness.bound(spread, config) / spread.radius
      return [
        `\`${aggregator.name}\``,
        `${attackers}`,
        ...distances.map(rounded),
        bound === 0 ? 'none' : rounded(bound),
      ]
    })
    const head = ['rule', 'attackers', ...attacks.map(({ name }) => name), 'bound']
    expect(read('../../../docs/aggregation.md')).toContain(table(head, rows))
  })

  it('attackers that hide move every rule that compares updates further than the mean, as docs/aggregation.md says', () => {
    const comparing = aggregators.plugins.filter(
      ({ robustness, profile }) => robustness !== TRUSTING && profile.keeps === 'updates',
    )
    expect(comparing).toHaveLength(7)
    const means = new Map<number, number>()
    for (const aggregator of comparing) {
      const { config, ...cohort } = atBreakdownPoint(aggregator)
      const distance = distanceUnder(aLittleIsEnough, { aggregator, config }, cohort)
      const ofMean = distanceUnder(aLittleIsEnough, { aggregator: weightedMean, config: {} }, cohort)
      expect(distance / ofMean, aggregator.name).toBeGreaterThan(1.5)
      means.set(cohort.attackers, ofMean)
    }
    const [most, krums, bulyans] = [21, 20, 10].map((attackers) => rounded(means.get(attackers)!))
    expect(read('../../../docs/aggregation.md').replaceAll('\n', ' ')).toContain(
      `\`weighted-mean\` goes ${most} where 21 hide, ${krums} where 20 do and ${bulyans} where 10 do.`,
    )
  })
})

interface Cohort {
  readonly honest: readonly Update[]
  readonly attackers: number
}

/** The rule with as many attackers as it withstands; one that withstands none gets as many as any rule does. */
function atBreakdownPoint(aggregator: Aggregator) {
  const { config, attackers } = breakdownPoint(aggregator, {}, CROWD)
  const most = attackers > 0 ? attackers : minority(CROWD)
  return { config, attackers: most, honest: honestUpdates(CROWD - most, 64, 1) }
}

/** From the honest mean, in radii of the honest updates. */
function distanceUnder({ vector }: Attack, rule: RuleUnderAttack, { honest, attackers }: Cohort): number {
  const updates = [...honest, ...Array(attackers).fill(vector(honest, attackers))]
  return distanceOf(aggregateUnderAttack(rule, updates), meanOf(honest)) / spreadOf(honest, attackers).radius
}

const rounded = (value: number): string => (value < 100 ? value.toFixed(2) : value.toFixed(0))
