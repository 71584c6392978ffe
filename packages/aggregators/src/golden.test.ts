import { readFileSync } from 'node:fs'
import { uniformGrid } from '@tessera/math'
import { type Update, unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { aggregators, serverOptimizers } from './index.ts'

interface RulesGolden {
  readonly cohorts: readonly {
    readonly updates: readonly number[][]
    readonly results: readonly {
      readonly library: string
      readonly rule: string
      readonly options: Record<string, unknown>
      readonly result: readonly number[]
    }[]
  }[]
}

interface ServerGolden {
  readonly updates: readonly number[][]
  readonly runs: readonly {
    readonly optimizer: string
    readonly options: Record<string, unknown>
    readonly steps: readonly number[][]
  }[]
}

const golden = <T>(name: string): T => JSON.parse(readFileSync(new URL(`../golden/${name}`, import.meta.url), 'utf8'))

function expectNear(actual: Update, expected: readonly number[]): void {
  const largest = Math.max(...expected.map(Math.abs))
  for (const [at, value] of expected.entries())
    expect(Math.abs(actual[at]! - value)).toBeLessThanOrEqual(1e-6 * largest)
}

describe('aggregation rules against ByzFL and Flower, to 1e-6', () => {
  for (const { updates, results } of golden<RulesGolden>('rules.json').cohorts) {
    for (const { library, rule, options, result } of results) {
      it(`${rule} ${JSON.stringify(options)} of ${updates.length} clients as in ${library}`, () => {
        const aggregator = unwrap(aggregators.byName(rule))
        const fold = aggregator.begin(uniformGrid(result.length, -30, 64), aggregator.config.parse(options))
        for (const update of updates) unwrap(fold.add(Float32Array.from(update), 1))
        expectNear(fold.finish(), result)
      })
    }
  }
})

describe('server optimizers against Flower, to 1e-6', () => {
  const { updates, runs } = golden<ServerGolden>('server-optimizers.json')
  for (const { optimizer: name, options, steps } of runs) {
    it(`${name} ${JSON.stringify(options)} over ${steps.length} rounds`, () => {
      const optimizer = unwrap(serverOptimizers.byName(name))
      const config = optimizer.config.parse(options)
      let state = optimizer.begin(steps[0]!.length, config)
      for (const [round, expected] of steps.entries()) {
        const next = optimizer.step(state, Float32Array.from(updates[round]!), config)
        expectNear(next.update, expected)
        state = next.state
      }
    })
  }
})
