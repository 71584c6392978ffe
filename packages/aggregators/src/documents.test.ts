import { readFileSync } from 'node:fs'
import { aggregateUnderAttack, attacks, distanceOf, honestUpdates, meanOf, spreadOf } from '@tessera/testing'
import { describe, expect, it } from 'vitest'
import { aggregators, serverOptimizers } from './index.ts'

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
    const [clients, attackers] = [11, 2]
    const honest = honestUpdates(clients - attackers, 64, 1)
    const { radius } = spreadOf(honest, attackers)
    const rows = aggregators.plugins.map((aggregator) => {
      const config = aggregator.config.parse('attackers' in aggregator.config.shape ? { attackers } : {})
      const distances = attacks.map(({ vector }) => {
        const updates = [...honest, ...Array(attackers).fill(vector(honest, attackers))]
        return distanceOf(aggregateUnderAttack({ aggregator, config }, updates), meanOf(honest)) / radius
      })
      const bound = aggregator.robustness.bound(spreadOf(honest, attackers), config) / radius
      return [`\`${aggregator.name}\``, ...distances.map(rounded), bound === 0 ? 'none' : rounded(bound)]
    })
    const head = ['rule', ...attacks.map(({ name }) => name), 'bound']
    expect(read('../../../docs/aggregation.md')).toContain(table(head, rows))
  })
})

const rounded = (value: number): string => (value < 100 ? value.toFixed(2) : value.toFixed(0))
