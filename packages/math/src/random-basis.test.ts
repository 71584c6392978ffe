import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BasisDistribution, CHUNK_ENTRIES } from './basis-entries.ts'
import type { BasisStart } from './basis-form.ts'
import { addCombination, BASIS_VARIANCE, projectOnto } from './random-basis.ts'
import { createRandomStream } from './random-stream.ts'
import type { StreamKey } from './stream-key.ts'

const key: StreamKey = { seed: 0x0123_4567_89ab_cdefn, purpose: 'ferret-basis', round: 3, client: 7, block: 2 }
const DISTRIBUTIONS: readonly BasisDistribution[] = ['uniform', 'rademacher', 'bell']
/** Every entry is a whole number of these. */
const STEP: Readonly<Record<BasisDistribution, number>> = { uniform: 2 ** -16, rademacher: 1, bell: 10033 / 2 ** 21 }

const bits = (values: Float32Array): number[] => Array.from(new Uint32Array(values.slice().buffer))
const noise = (length: number, scale = 1): Float32Array =>
  Float32Array.from({ length }, (_, i) => scale * Math.sin(12.9898 * (i + 1)))

/** Entries entry .. entry + length - 1 of v_vector: what is added to zeros with coefficient 1. */
function entries(distribution: BasisDistribution, length: number, start: Partial<BasisStart> = {}): Float32Array {
  const target = new Float32Array(length)
  addCombination(target, { key, distribution }, Float32Array.of(1), start)
  return target
}

const distributionAnd = <Rest>(rest: fc.Arbitrary<Rest>) => fc.tuple(fc.constantFrom(...DISTRIBUTIONS), rest)

describe('golden values: changing one changes the protocol', () => {
  // Computed by a program in arbitrary precision that shares no code with this one.
  const last = { vector: 2 ** 32 - 1, entry: 2 ** 32 - 8 }
  const golden: readonly { start: BasisStart; expected: Readonly<Record<BasisDistribution, readonly number[]>> }[] = [
    {
      start: { vector: 0, entry: 0 },
      expected: {
        uniform: [1233, 34819, 6135, 1703, -6973, 44939, 9909, -33033],
        rademacher: [1, 1, 1, 1, 1, -1, 1, 1],
        bell: [-12, -109, 23, 40, 189, -199, 140, 169],
      },
    },
    {
      start: { vector: 5, entry: 1000 },
      expected: {
        uniform: [-18165, 19249, 60217, 3969, 52935, 15521, -52979, 23201],
        rademacher: [1, -1, -1, -1, -1, 1, -1, -1],
        bell: [-352, -173, 349, -30, 286, -141, 352, 247],
      },
    },
    {
      start: last,
      expected: {
        uniform: [10823, -57699, -11709, -53099, -10657, 4337, 60759, 37131],
        rademacher: [1, -1, 1, 1, -1, -1, 1, 1],
        bell: [146, 161, -151, -302, -331, 168, 292, 67],
      },
    },
  ]
  for (const { start, expected } of golden) {
    it.each(DISTRIBUTIONS)(`are entries ${start.entry} and on of %s vector ${start.vector}`, (distribution) => {
      const made = Array.from(entries(distribution, 8, start), (entry) => entry / STEP[distribution])
      expect(made).toEqual(expected[distribution])
    })
  }
})

describe('an entry of a random basis', () => {
  it('is a function of the stream, k and i: of words 2^34 k + 4 n + j', () => {
    const stream = createRandomStream(key)
    const place = fc.tuple(fc.nat({ max: 2 ** 19 - 1 }), fc.nat({ max: 2 ** 24 }))
    const wordsOf = { uniform: 2, rademacher: 32, bell: 0.5 } // entries that one word of a lane gives
    fc.assert(
      fc.property(distributionAnd(place), ([distribution, [vector, entry]]) => {
        const chunk = CHUNK_ENTRIES[distribution]
        const [lane, q] = [entry % 4, Math.floor((entry % chunk) / 4)]
        const word = (j: number): number => stream.at(2 ** 34 * vector + 4 * (4 * Math.floor(entry / chunk) + lane) + j)
        const first = word(Math.floor(q / wordsOf[distribution]))
        const bytes = [first, word(2 * q + 1)].flatMap((each) => [24, 16, 8, 0].map((shift) => (each >>> shift) & 255))
        const expected = {
          uniform: () => 2 * ((q % 2 === 0 ? first : first << 16) >> 16) + 1,
          rademacher: () => 1 - 2 * ((first >>> (31 - (q % 32))) & 1),
          bell: () => bytes.reduce((sum, byte) => sum + byte) - 1020,
        }
        const [made] = entries(distribution, 1, { vector, entry })
        expect(made! / STEP[distribution]).toBe(expected[distribution]())
      }),
    )
  })

  /** The mean of fixed draws of known variance lies within 5 standard errors. */
  function expectMean(values: Float64Array, expected: number, variance: number): void {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    expect(Math.abs(mean - expected)).toBeLessThanOrEqual(5 * Math.sqrt(variance / values.length))
  }

  // Fourth and eighth moments: 1/5 and 1/9, 1 and 1, 2.85 and at most the normal distribution's 105.
  it.each([
    ['uniform' as const, 1 / 5, 1 / 9],
    ['rademacher' as const, 1, 1],
    ['bell' as const, 2.84978, 105],
  ])('has the mean, variance and fourth moment of %s within 5 standard errors', (distribution, fourth, eighth) => {
    const variance = BASIS_VARIANCE[distribution]
    const values = Float64Array.from(entries(distribution, 200_000))
    expectMean(values, 0, variance)
    expectMean(
      values.map((x) => x * x),
      variance,
      fourth - variance ** 2,
    )
    expectMean(
      values.map((x) => x ** 4),
      fourth,
      eighth - fourth ** 2,
    )
  })

  it('has exactly the stated variance: 1/3 less 2^-32/3, 1, and 0.99996', () => {
    const odd = Array.from({ length: 2 ** 16 }, (_, s) => (2 * (s - 2 ** 15) + 1) / 2 ** 16)
    const mean = odd.reduce((sum, x) => sum + x * x, 0) / 2 ** 16
    expect(BASIS_VARIANCE.uniform).toBeCloseTo(mean, 15)
    expect(BASIS_VARIANCE.rademacher).toBe(1)
    const byte = Array.from({ length: 256 }, (_, s) => (s - 127.5) ** 2).reduce((sum, x) => sum + x) / 256
    expect(BASIS_VARIANCE.bell).toBeCloseTo((8 * byte * 10033 ** 2) / 2 ** 42, 15)
    expect(BASIS_VARIANCE.bell).toBeCloseTo(0.99996, 5)
  })

  it.each(DISTRIBUTIONS)('is uncorrelated with all others within 5 standard errors: %s', (distribution) => {
    const length = 50_000
    const vectors = [0, 1, 2, 3].map((vector) => Float64Array.from(entries(distribution, length, { vector })))
    const squared = BASIS_VARIANCE[distribution] ** 2
    const products = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => x * b[i]!)
    const pairs = vectors.flatMap((a, i) => vectors.slice(i + 1).map((b) => products(a, b)))
    const lags = [1, 2, 3, 4, 8, 32].map((lag) => products(vectors[0]!.subarray(lag), vectors[0]!))
    for (const each of [...pairs, ...lags]) expectMean(each, 0, squared)
  })

  it('differs between distributions, keys and vectors', () => {
    const others = [entries('uniform', 64, { vector: 1 }), entries('bell', 64), entries('rademacher', 64)]
    const otherKey = new Float32Array(64)
    addCombination(otherKey, { key: { ...key, block: 3 }, distribution: 'uniform' }, Float32Array.of(1))
    const all = [entries('uniform', 64), otherKey, ...others].map((each) => bits(each).join())
    expect(new Set(all).size).toBe(5)
  })
})

describe('addCombination', () => {
  it('adds float32 products, k ascending, by hand for two vectors', () => {
    const target = Float32Array.of(0.1, 0.2, 0.3)
    addCombination(target, { key, distribution: 'uniform' }, Float32Array.of(0.7, -1.3))
    const [v0, v1] = [entries('uniform', 3), entries('uniform', 3, { vector: 1 })]
    const [c0, c1] = [Math.fround(0.7), Math.fround(-1.3)]
    const expected = Float32Array.of(0.1, 0.2, 0.3).map((start, i) =>
      Math.fround(Math.fround(start + Math.fround(c0 * v0[i]!)) + Math.fround(c1 * v1[i]!)),
    )
    expect(bits(target)).toEqual(bits(expected))
  })

  it('gives the same bytes for a whole block and for its parts, and for all vectors and ranges of them', () => {
    const sizes = fc.record({ length: fc.integer({ min: 1, max: 5000 }), cut: fc.nat({ max: 5000 }) })
    fc.assert(
      fc.property(distributionAnd(sizes), fc.nat({ max: 5 }), ([distribution, { length, cut }], split) => {
        const basis = { key, distribution }
        const coefficients = noise(5, 0.3)
        const [whole, parts] = [noise(length), noise(length)]
        addCombination(whole, basis, coefficients)
        const middle = Math.min(cut, length)
        const add = (from: number, to: number): void => {
          const part = parts.subarray(from, to)
          addCombination(part, basis, coefficients.subarray(0, split), { entry: from })
          addCombination(part, basis, coefficients.subarray(split), { entry: from, vector: split })
        }
        add(middle, length)
        add(0, middle)
        expect(bits(parts)).toEqual(bits(whole))
      }),
      { numRuns: 40 },
    )
  })

  it('leaves out coefficients of 0, so that even -0 stays as it is', () => {
    const target = Float32Array.of(-0, 1)
    addCombination(target, { key, distribution: 'bell' }, new Float32Array(1000))
    expect(Object.is(target[0], -0)).toBe(true)
    expect(target[1]).toBe(1)
  })

  it('leaves an empty target and a target without coefficients alone', () => {
    const target = noise(7)
    addCombination(target, { key, distribution: 'uniform' }, new Float32Array(0))
    addCombination(new Float32Array(0), { key, distribution: 'uniform' }, noise(3))
    expect(bits(target)).toEqual(bits(noise(7)))
  })
})

describe('projectOnto', () => {
  it('is the inner product with each vector, to 1e-6', () => {
    for (const distribution of DISTRIBUTIONS) {
      const values = noise(3001)
      const projected = projectOnto({ key, distribution }, values, 3)
      for (const vector of [0, 1, 2]) {
        const expected = entries(distribution, 3001, { vector }).reduce((sum, v, i) => sum + v * values[i]!, 0)
        expect(projected[vector]).toBeCloseTo(expected, 4)
      }
    }
  })

  it('gives the same bytes for ranges of k, and for entries anywhere in a block', () => {
    const basis = { key, distribution: 'uniform' as const }
    const values = noise(2500)
    const apart = [projectOnto(basis, values, 2), projectOnto(basis, values, 3, { vector: 2 })]
    expect(apart.flatMap(bits)).toEqual(bits(projectOnto(basis, values, 5)))
    const padded = new Float32Array(2511)
    padded.set(values, 11)
    expect(bits(projectOnto(basis, values, 5, { entry: 11 }))).toEqual(bits(projectOnto(basis, padded, 5)))
  })

  it('is 0 for no values, and nothing for no vectors', () => {
    expect(bits(projectOnto({ key, distribution: 'bell' }, new Float32Array(0), 2))).toEqual([0, 0])
    expect(projectOnto({ key, distribution: 'bell' }, noise(5), 0)).toHaveLength(0)
  })
})

describe('the bounds of a basis', () => {
  it.each([
    { vector: -1 },
    { vector: 0.5 },
    { vector: 2 ** 32 },
    { entry: -1 },
    { entry: 2 ** 32 - 4 },
    { entry: Number.NaN },
  ])('refuse five entries of one vector from %o on', (start) => {
    const refusal = expect.objectContaining({ code: 'invalid-argument' })
    const basis = { key, distribution: 'uniform' as const }
    expect(() => addCombination(new Float32Array(5), basis, Float32Array.of(1), start)).toThrow(refusal)
    expect(() => projectOnto(basis, new Float32Array(5), 1, start)).toThrow(refusal)
  })

  it.each([-1, 1.5, 2 ** 32 + 1])('refuse %d vectors', (count) => {
    expect(() => projectOnto({ key, distribution: 'bell' }, noise(2), count)).toThrow(`asked for ${count} from 0 on`)
  })
})
