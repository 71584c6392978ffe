import type { Aggregator, Fold, WeightedUpdate } from '@tessera/aggregators'
import type { SumGrid } from '@tessera/math'
import { unwrap } from '@tessera/vocabulary'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeFactorPairs } from './describe-factor-pairs.ts'
import { describeRobustness } from './describe-robustness.ts'

/** Two segments of different fineness: multiples of 2^-20 up to 2^12, and multiples of 2^-30 up to 4. */
const LENGTH = 5
const GRID: SumGrid = {
  segments: [
    { offset: 0, length: 3, exponent: -20 },
    { offset: 3, length: 2, exponent: -30 },
  ],
  weightLimit: 2 ** 20,
}
const weightedUpdate: fc.Arbitrary<WeightedUpdate> = fc.record({
  update: fc.float32Array({ min: -4, max: 4, noNaN: true, minLength: LENGTH, maxLength: LENGTH }),
  weight: fc.integer({ min: 1, max: 1000 }),
})
/** Enough updates for the rule to have a result, and up to eleven more. */
const cohortFrom = (minimum: number) => fc.array(weightedUpdate, { minLength: minimum, maxLength: minimum + 11 })

/**
 * The laws of an aggregation rule: the same updates give the same bytes in any order, weights count or do not as it
 * declares, what all agree on is the result, what can not be added is refused with a code and changes nothing, it
 * withstands the attackers that it says it does, and it is exact for products of factors where it says so and nowhere
 * else. Rules that are weighted means (`exactFor` holds 'linear') must also agree with a mean in exact integers.
 */
export function describeAggregator(aggregator: Aggregator, options: Record<string, unknown> = {}): void {
  const config = aggregator.config.parse(options)
  const minimum = aggregator.robustness.minimumClients(config)
  const rule: Rule = { begin: () => aggregator.begin(GRID, config), minimum, cohort: cohortFrom(minimum) }
  describe(`aggregation rule ${aggregator.name} ${JSON.stringify(config)}`, () => {
    describeOrder(rule)
    describeWeights(rule, aggregator.profile.weights)
    describeRefusals(rule)
    if (aggregator.profile.exactFor.includes('linear')) describeMean(rule)
    describeRobustness({ aggregator, config })
    describeFactorPairs({ aggregator, config })
    it('folds a list in one call, with its default options', () => {
      const agreed = Array<WeightedUpdate>(20).fill({ update: Float32Array.of(2, -4), weight: 3 })
      expect(aggregator.aggregate(agreed, 2)).toEqual(Float32Array.of(2, -4))
      expect(() => aggregator.aggregate([], 2)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    })
  })
}

/** A rule with its options, on `GRID`. */
interface Rule {
  readonly begin: () => Fold
  /** Fewer updates have no result. */
  readonly minimum: number
  readonly cohort: fc.Arbitrary<WeightedUpdate[]>
}

function fold({ begin }: Rule, updates: readonly WeightedUpdate[]): Fold {
  const started = begin()
  for (const { update, weight } of updates) unwrap(started.add(update, weight))
  return started
}

/** As many copies of an update of weight 3 as the rule needs. */
const agreed = ({ minimum }: Rule, update: Float32Array): WeightedUpdate[] =>
  Array<WeightedUpdate>(minimum).fill({ update, weight: 3 })

const bytesOf = (values: Float32Array) => new Uint8Array(values.slice().buffer)

function describeOrder(rule: Rule): void {
  it('gives the same bytes in any order of arrival', () => {
    const shuffled = rule.cohort.chain((updates) =>
      fc.tuple(fc.constant(updates), fc.shuffledSubarray(updates, { minLength: updates.length })),
    )
    fc.assert(
      fc.property(shuffled, ([updates, permuted]) => {
        const one = fold(rule, updates)
        const other = fold(rule, permuted)
        expect(bytesOf(other.finish())).toEqual(bytesOf(one.finish()))
        expect(other.maxAbs()).toEqual(one.maxAbs())
      }),
    )
  })

  it('counts updates and weights, and reports the largest magnitude of each segment', () => {
    const updates = [
      { update: Float32Array.of(1, -3, 0, 0.5, 0), weight: 2 },
      { update: Float32Array.of(0, 2, 0, 0, -0.75), weight: 5 },
    ]
    const { count, totalWeight, maxAbs } = fold(rule, updates)
    expect({ count, totalWeight, maxAbs: Array.from(maxAbs()) }).toEqual({
      count: 2,
      totalWeight: 7,
      maxAbs: [3, 0.75],
    })
  })

  it('does not change an update, nor notice when the caller changes it later', () => {
    const update = Float32Array.of(1, 2, 3, 0.5, 0.25)
    const started = fold(rule, agreed(rule, update))
    expect(update).toEqual(Float32Array.of(1, 2, 3, 0.5, 0.25))
    update.fill(0)
    expect(started.finish()).toEqual(Float32Array.of(1, 2, 3, 0.5, 0.25))
  })

  it('gives the update on which all agree, and gives it again', () => {
    const onGrid = fc.array(fc.integer({ min: -4096, max: 4096 }), { minLength: LENGTH, maxLength: LENGTH })
    fc.assert(
      fc.property(onGrid, fc.integer({ min: 0, max: 7 }), (steps, more) => {
        const update = Float32Array.from(steps, (step) => step / 1024)
        const started = fold(rule, Array(rule.minimum + more).fill({ update, weight: 2 }))
        expect(started.finish()).toEqual(update)
        expect(started.finish()).toEqual(started.finish())
      }),
    )
  })
}

function describeWeights(rule: Rule, weights: 'used' | 'ignored'): void {
  if (weights === 'ignored') {
    it('ignores the weights', () => {
      fc.assert(
        fc.property(rule.cohort, (updates) => {
          const unweighted = updates.map(({ update }) => ({ update, weight: 1 }))
          expect(bytesOf(fold(rule, updates).finish())).toEqual(bytesOf(fold(rule, unweighted).finish()))
        }),
      )
    })
    return
  }
  it('gives the same bytes when an update of weight a + b is split into two of weights a and b', () => {
    fc.assert(
      fc.property(rule.cohort, fc.integer({ min: 1, max: 999 }), (updates, part) => {
        const split = updates.flatMap(({ update, weight }) =>
          weight > part
            ? [
                { update, weight: part },
                { update, weight: weight - part },
              ]
            : [{ update, weight }],
        )
        expect(bytesOf(fold(rule, split).finish())).toEqual(bytesOf(fold(rule, updates).finish()))
      }),
    )
  })

  it('counts an update of weight 3 three times', () => {
    const [zero, four] = [new Float32Array(LENGTH), Float32Array.of(4, 0, 0, 0, 0)]
    const weighted = fold(rule, [
      { update: zero, weight: 1 },
      { update: four, weight: 3 },
    ])
    expect(weighted.finish()).toEqual(Float32Array.of(3, 0, 0, 0, 0))
  })
}

function describeMean(rule: Rule): void {
  it('is the weighted mean in exact integers on the grid, divided once', () => {
    fc.assert(
      fc.property(rule.cohort, (updates) => {
        expect(fold(rule, updates).finish()).toEqual(meanInBigInts(updates))
      }),
    )
  })

  it('is the weighted mean in float64, up to half a grid step and the rounding to float32', () => {
    const check = (updates: WeightedUpdate[]) => {
      const total = updates.reduce((sum, { weight }) => sum + weight, 0)
      const mean = fold(rule, updates).finish()
      for (const { offset, length, exponent } of GRID.segments) {
        for (let i = offset; i < offset + length; i++) {
          const oracle = updates.reduce((sum, { update, weight }) => sum + update[i]! * weight, 0) / total
          const allowed = 2 ** (exponent - 1) + Math.abs(oracle) * 2 ** -23
          expect(Math.abs(mean[i]! - oracle)).toBeLessThanOrEqual(allowed)
        }
      }
    }
    fc.assert(fc.property(rule.cohort, check))
  })
}

/** round(value / 2^e) * weight in big integers; the mean is their sum * 2^e / total, in float64, then float32. */
function meanInBigInts(updates: readonly WeightedUpdate[]): Float32Array {
  const total = updates.reduce((sum, { weight }) => sum + weight, 0)
  const mean = new Float32Array(LENGTH)
  for (const { offset, length, exponent } of GRID.segments) {
    for (let i = offset; i < offset + length; i++) {
      const sum = updates.reduce((s, { update, weight }) => s + onGrid(update[i]!, exponent) * BigInt(weight), 0n)
      mean[i] = (Number(sum) * 2 ** exponent) / total
    }
  }
  return mean
}

/** The nearest multiple of 2^exponent in units of it, ties to the even one, by comparing with the floor. */
function onGrid(value: number, exponent: number): bigint {
  const scaled = value * 2 ** -exponent
  const below = Math.floor(scaled)
  const rest = scaled - below
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0)
  return BigInt(up ? below + 1 : below)
}

/** What can not be added, and the code it is refused with. */
const REFUSED: readonly [what: string, update: Float32Array, weight: number, code: string][] = [
  ['NaN in the last place', Float32Array.of(1, 1, 1, 1, Number.NaN), 1, 'not-finite'],
  ['an infinity', Float32Array.of(1, Number.NEGATIVE_INFINITY, 1, 1, 1), 1, 'not-finite'],
  ['too few coordinates', Float32Array.of(1, 1, 1, 1), 1, 'shape-mismatch'],
  ['too many coordinates', Float32Array.of(1, 1, 1, 1, 1, 1), 1, 'shape-mismatch'],
  ['a value beyond its grid', Float32Array.of(1, 1, 1, 1, 2 ** 20), 1, 'grid-overflow'],
  ['a total weight beyond the grid', Float32Array.of(1, 1, 1, 1, 1), 2 ** 20, 'grid-overflow'],
  ['weight 0', Float32Array.of(1, 1, 1, 1, 1), 0, 'invalid-argument'],
  ['a negative weight', Float32Array.of(1, 1, 1, 1, 1), -1, 'invalid-argument'],
  ['a weight that is no integer', Float32Array.of(1, 1, 1, 1, 1), 1.5, 'invalid-argument'],
  ['a weight that is NaN', Float32Array.of(1, 1, 1, 1, 1), Number.NaN, 'invalid-argument'],
]

function describeRefusals(rule: Rule): void {
  for (const [what, update, weight, code] of REFUSED) {
    it(`refuses ${what} with ${code}, and nothing changes`, () => {
      const started = fold(rule, agreed(rule, Float32Array.of(1, 2, 3, 0.5, 0.25)))
      const added = started.add(update, weight)
      expect(added.ok ? 'ok' : added.error.code).toBe(code)
      expect([started.count, started.totalWeight, ...started.maxAbs()]).toEqual([
        rule.minimum,
        3 * rule.minimum,
        3,
        0.5,
      ])
      expect(started.finish()).toEqual(Float32Array.of(1, 2, 3, 0.5, 0.25))
    })
  }

  it('has no result before the first update', () => {
    expect(() => rule.begin().finish()).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })
}
