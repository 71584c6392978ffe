import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createExactSum, type ExactSum } from './exact-sum.ts'
import { chooseGridExponent, gridLength, roundHalfEven, type SumGrid, toGridInto, uniformGrid } from './sum-grid.ts'

const grid: SumGrid = {
  segments: [
    { offset: 0, length: 3, exponent: -30 },
    { offset: 3, length: 0, exponent: 0 },
    { offset: 3, length: 2, exponent: -12 },
  ],
  weightLimit: 1_000_000,
}

interface Addition {
  readonly values: Float32Array
  readonly weight: number
}

function addAll(sum: ExactSum, additions: readonly Addition[]): ExactSum {
  for (const { values, weight } of additions) sum.addInto(values, weight)
  return sum
}

/** Σ round(value / 2^e) weight in arbitrary precision, rounding by remainder. */
function sumsByDefinition(additions: readonly Addition[]): bigint[] {
  const exponents = [-30, -30, -30, -12, -12]
  return exponents.map((exponent, i) =>
    additions.reduce((sum, { values, weight }) => {
      const scaled = values[i]! * 2 ** -exponent
      const floor = Math.floor(scaled)
      const rest = scaled - floor
      const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0)
      return sum + (BigInt(floor) + (up ? 1n : 0n)) * BigInt(weight)
    }, 0n),
  )
}

const float32 = fc.float({ min: -8, max: 8, noNaN: true })
const addition: fc.Arbitrary<Addition> = fc.record({
  values: fc.array(float32, { minLength: 5, maxLength: 5 }).map((values) => Float32Array.from(values)),
  weight: fc.integer({ min: 1, max: 5000 }),
})
const additions = fc.array(addition, { minLength: 1, maxLength: 12 })

describe('an exact sum', () => {
  it('averages two vectors by weight, worked by hand', () => {
    const sum = createExactSum(uniformGrid(2, -20, 8))
    sum.addInto(Float32Array.of(1, 0), 1)
    sum.addInto(Float32Array.of(4, 2), 3)
    expect(Array.from(sum.mean())).toEqual([3.25, 1.5]) // (1 + 12) / 4, (0 + 6) / 4
    expect(sum.totalWeight).toBe(4)
    expect(Array.from(sum.maxAbs())).toEqual([4])
    expect(Array.from(sum.resolution())).toEqual([2 ** -20])
  })

  it('gives the same bytes for every order of additions', () => {
    const shuffled = additions.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    )
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        const [first, second] = [addAll(createExactSum(grid), list), addAll(createExactSum(grid), other)]
        expect(second.snapshot()).toEqual(first.snapshot())
        expect(second.mean()).toEqual(first.mean())
      }),
    )
  })

  it('gives the same bytes when a weight is split and when the sum is stored and restored in between', () => {
    fc.assert(
      fc.property(additions, fc.nat({ max: 5000 }), (list, cut) => {
        const whole = addAll(createExactSum(grid), list)
        let split = createExactSum(grid)
        for (const { values, weight } of list) {
          const part = cut % weight
          if (part > 0) split.addInto(values, part)
          split = createExactSum(grid, structuredClone(split.snapshot()))
          split.addInto(values, weight - part)
        }
        expect(split.snapshot()).toEqual(whole.snapshot())
      }),
    )
  })

  it('equals the sum in arbitrary precision', () => {
    fc.assert(
      fc.property(additions, (list) => {
        const sum = addAll(createExactSum(grid), list)
        const expected = sumsByDefinition(list)
        expect(Array.from(sum.snapshot().sums, BigInt)).toEqual(expected)
        const weight = list.reduce((total, each) => total + each.weight, 0)
        expect(sum.meanFloat64()[4]).toBe((Number(expected[4]) * 2 ** -12) / weight)
      }),
    )
  })

  it('is within half a step of the mean without a grid', () => {
    fc.assert(
      fc.property(additions, (list) => {
        const weight = list.reduce((total, each) => total + each.weight, 0)
        const plain = list.reduce((total, each) => total + each.values[3]! * each.weight, 0) / weight
        const mean = addAll(createExactSum(grid), list).meanFloat64()[3]!
        expect(Math.abs(mean - plain)).toBeLessThanOrEqual(2 ** -13 + 1e-12)
      }),
    )
  })

  it('tracks the largest magnitude of each segment, 0 for one that is empty', () => {
    const sum = createExactSum(grid)
    sum.addInto(Float32Array.of(1, -3, 2, 0.5, 0), 2)
    sum.addInto(Float32Array.of(2, 0, 0, 0, -7), 1)
    expect(Array.from(sum.maxAbs())).toEqual([3, 0, 7])
  })

  it('adds nothing when an addition fails, and says where and why', () => {
    const sum = createExactSum(uniformGrid(3, -40, 2 ** 12)) // 2^53 / 2^12 steps of 2^-40: values up to 2
    sum.addInto(Float32Array.of(1, 2, 0.25), 5)
    const before = sum.snapshot()
    const add = (values: number[], weight: number) => () => sum.addInto(Float32Array.from(values), weight)
    expect(add([1, 1, 2.000001], 1)).toThrow(
      expect.objectContaining({ code: 'grid-overflow', details: { index: 2, value: Math.fround(2.000001), limit: 2 } }),
    )
    expect(add([1, Number.NaN, 1], 1)).toThrow(expect.objectContaining({ code: 'not-finite', details: { index: 1 } }))
    expect(add([Number.NEGATIVE_INFINITY, 0, 1], 1)).toThrow(expect.objectContaining({ code: 'not-finite' }))
    expect(add([1, 1, 1], 2 ** 12 - 4)).toThrow(expect.objectContaining({ code: 'grid-overflow' }))
    expect(add([1, 1], 1)).toThrow('expected length 3, got 2')
    for (const weight of [0, -1, 1.5, Number.NaN]) {
      expect(add([1, 1, 1], weight)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    }
    expect(sum.snapshot()).toEqual(before)
  })

  it('is exact up to the very limit of 2^53', () => {
    const sum = createExactSum(uniformGrid(1, -40, 2 ** 12))
    for (let i = 0; i < 2 ** 12; i++) sum.addInto(Float32Array.of(2), 1)
    expect(sum.snapshot().sums[0]).toBe(2 ** 53)
    expect(sum.mean()[0]).toBe(2)
  })

  it('has no mean before the first addition, and takes an empty vector', () => {
    expect(() => createExactSum(grid).mean()).toThrow('the mean of nothing')
    const empty = createExactSum({ segments: [], weightLimit: 1 })
    empty.addInto(new Float32Array(0), 1)
    expect(empty.mean().length).toBe(0)
  })

  it('shares no memory with its snapshots', () => {
    const sum = createExactSum(uniformGrid(1, -20, 8))
    const before = sum.snapshot()
    const resumed = createExactSum(sum.grid, before)
    resumed.addInto(Float32Array.of(1), 1)
    expect([before.sums[0], sum.totalWeight, resumed.totalWeight]).toEqual([0, 0, 1])
  })

  it('refuses a snapshot of another grid or with numbers that no sum can have', () => {
    const state = { sums: Float64Array.of(1), maxAbs: Float64Array.of(1), totalWeight: 1 }
    const one = uniformGrid(1, -20, 8)
    expect(() => createExactSum(grid, state)).toThrow('expected length 5, got 1')
    expect(() => createExactSum(one, { ...state, maxAbs: new Float64Array(2) })).toThrow('expected length 1, got 2')
    expect(() => createExactSum(one, { ...state, totalWeight: 9 })).toThrow("above the grid's limit of 8")
    expect(() => createExactSum(one, { ...state, sums: Float64Array.of(0.5) })).toThrow('sum 0 is 0.5')
  })
})

describe('chooseGridExponent', () => {
  it('fills 2^53 steps: range 1 and weight 1 give -53, weight 3 gives -51', () => {
    expect(chooseGridExponent({ range: 1, totalWeight: 1 })).toBe(-53)
    expect(chooseGridExponent({ range: 1, totalWeight: 3 })).toBe(-51) // 3 * 2^52 is more than 2^53, 3 * 2^51 is not
    expect(chooseGridExponent({ range: 1, totalWeight: 1024, sumLimit: 2 ** 31 - 1 })).toBe(-20)
  })

  it('is the smallest exponent at which the extreme value fits with the whole weight', () => {
    const positive = fc.float({ min: Math.fround(2 ** -120), noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(positive, fc.integer({ min: 1, max: 2 ** 52 }), (range, totalWeight) => {
        const exponent = chooseGridExponent({ range, totalWeight })
        const fits = (e: number) => BigInt(roundHalfEven(range * 2 ** -e)) * BigInt(totalWeight) <= 2n ** 53n
        expect(fits(exponent)).toBe(true)
        if (exponent > -149) expect(fits(exponent - 1)).toBe(false)
        const sum = createExactSum(uniformGrid(2, exponent, totalWeight))
        sum.addInto(Float32Array.of(range, -range), totalWeight)
        const step = 2 ** exponent
        expect(Math.abs(sum.meanFloat64()[0]! - range)).toBeLessThanOrEqual(step / 2)
      }),
    )
  })

  it('stops at -149, where every float32 lies on the grid', () => {
    expect(chooseGridExponent({ range: 0, totalWeight: 7 })).toBe(-149)
    expect(chooseGridExponent({ range: 2 ** -149, totalWeight: 1 })).toBe(-149)
  })

  it('refuses ranges and weights that make no grid', () => {
    for (const request of [
      { range: -1, totalWeight: 1 },
      { range: Number.NaN, totalWeight: 1 },
      { range: Infinity, totalWeight: 1 },
      { range: 1, totalWeight: 0 },
      { range: 1, totalWeight: 1.5 },
      { range: 1, totalWeight: 1, sumLimit: 2 ** 54 },
    ]) {
      expect(() => chooseGridExponent(request)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    }
    expect(() => chooseGridExponent({ range: 1e300, totalWeight: 1 })).toThrow('no grid up to 2^128')
    expect(() => chooseGridExponent({ range: 1, totalWeight: 2 ** 53 + 2 })).toThrow("above the grid's limit")
  })
})

describe('the grid', () => {
  it('rounds ties to even and keeps large integers', () => {
    expect([0.5, 1.5, 2.5, -1.5, -2.5, 0.49999999999999994, 2 ** 52 + 1, -(2 ** 60)].map(roundHalfEven)).toEqual([
      0,
      2,
      2,
      -2,
      -2,
      0,
      2 ** 52 + 1,
      -(2 ** 60),
    ])
  })

  it('turns values into weighted steps', () => {
    const target = new Float64Array(3)
    toGridInto(target, { values: Float32Array.of(0.5, -0.75, 0.125), weight: 4 }, uniformGrid(3, -2, 4))
    expect(Array.from(target)).toEqual([8, -12, 0]) // 2 * 4, -3 * 4, and 0.5 of a step is a tie
  })

  it('holds sums for arithmetic modulo 2^32 within 2^31 - 1', () => {
    const small = { ...uniformGrid(1, -20, 1024), sumLimit: 2 ** 31 - 1 } // 2097151 steps of 2^-20: just below 2
    const target = new Float64Array(1)
    toGridInto(target, { values: Float32Array.of(1.999), weight: 1024 }, small)
    expect(target[0]).toBe(2096103 * 1024) // 1.999 * 2^20 = 2096103.42
    expect(() => toGridInto(target, { values: Float32Array.of(2), weight: 1 }, small)).toThrow('the grid ends at ±1.99')
  })

  it('refuses gaps, overlaps and exponents outside -149..128', () => {
    const of = (...segments: SumGrid['segments']) => ({ segments, weightLimit: 1 })
    const segment = { offset: 0, length: 2, exponent: 0 }
    expect(gridLength(of(segment, { ...segment, offset: 2 }))).toBe(4)
    expect(() => gridLength(of(segment, { ...segment, offset: 3 }))).toThrow('offset of segment 1: expected length 2')
    expect(() => gridLength(of(segment, { ...segment, offset: 1 }))).toThrow('offset of segment 1')
    expect(() => gridLength(of({ ...segment, length: -1 }))).toThrow('length of segment 0')
    for (const exponent of [-150, 129, 0.5]) {
      expect(() => gridLength(of({ ...segment, exponent }))).toThrow('must be in -149..128')
    }
  })
})
