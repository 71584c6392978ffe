import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Matrix, matrix, transpose } from './matrix.ts'
import { frobeniusNorm, multiply, multiplyLeftTransposed, multiplyRightTransposed } from './matrix-product.ts'
import { qr } from './qr.ts'
import { createRandomStream } from './random-stream.ts'
import { randomizedSvd, sketchMatrix } from './randomized-svd.ts'
import { type Svd, svd } from './svd.ts'
import { symmetricEigen } from './symmetric-eigen.ts'

/** Residuals and orthonormality must hold to this, relative to the input's norm. */
const TOLERANCE = 1e-12

const stream = (block: number) => createRandomStream({ seed: 2026, purpose: 'test', round: 0, client: 0, block })

function difference(x: Matrix, y: Matrix): number {
  expect([x.rows, x.cols]).toEqual([y.rows, y.cols])
  return frobeniusNorm(
    matrix(
      x.rows,
      x.cols,
      x.data.map((value, i) => value - y.data[i]!),
    ),
  )
}

function diagonal(rows: number, cols: number, values: ArrayLike<number>): Matrix {
  const result = matrix(rows, cols)
  for (let i = 0; i < values.length; i++) result.data[i * cols + i] = values[i]!
  return result
}

function expectOrthonormalColumns(x: Matrix): void {
  expect(difference(multiplyLeftTransposed(x, x), diagonal(x.cols, x.cols, new Array(x.cols).fill(1)))).toBeLessThan(
    TOLERANCE,
  )
}

/** The product of two Householder reflectors: exactly known, far from the identity, orthogonal to rounding. */
function orthogonal(size: number, block: number): Matrix {
  const reflector = (random: ReturnType<typeof stream>): Matrix => {
    const v = sketchMatrix(size, 1, random)
    const factor = 2 / frobeniusNorm(v) ** 2
    const result = diagonal(size, size, new Array(size).fill(1))
    for (let i = 0; i < size * size; i++) {
      result.data[i] = result.data[i]! - factor * v.data[Math.floor(i / size)]! * v.data[i % size]!
    }
    return result
  }
  const random = stream(block)
  return multiply(reflector(random), reflector(random))
}

function withSpectrum(rows: number, cols: number, spectrum: readonly number[]): Matrix {
  return multiplyRightTransposed(multiply(orthogonal(rows, 1), diagonal(rows, cols, spectrum)), orthogonal(cols, 2))
}

function expectSigned(lead: Matrix): void {
  for (let j = 0; j < lead.cols; j++) {
    const column = Array.from({ length: lead.rows }, (_, i) => lead.data[i * lead.cols + j]!)
    const largest = Math.max(...column.map(Math.abs))
    expect(column.find((value) => Math.abs(value) === largest)).toBeGreaterThan(0)
  }
}

function expectSvdOf(a: Matrix, { u, s, v }: Svd): void {
  const size = Math.min(a.rows, a.cols)
  expect([u.rows, u.cols, s.length, v.rows, v.cols]).toEqual([a.rows, size, size, a.cols, size])
  expectOrthonormalColumns(u)
  expectOrthonormalColumns(v)
  const rebuilt = multiplyRightTransposed(multiply(u, diagonal(size, size, s)), v)
  expect(difference(rebuilt, a)).toBeLessThanOrEqual(TOLERANCE * frobeniusNorm(a))
  for (let i = 0; i < size; i++) expect(s[i]).toBeLessThanOrEqual(i === 0 ? Infinity : s[i - 1]!)
  for (const value of s) expect(value).toBeGreaterThanOrEqual(0)
  expectSigned(u)
}

const inputs: Readonly<Record<string, Matrix>> = {
  'a tall random matrix': sketchMatrix(40, 12, stream(10)),
  'a wide random matrix': sketchMatrix(12, 40, stream(11)),
  'a square random matrix': sketchMatrix(25, 25, stream(12)),
  'a zero matrix': matrix(7, 4),
  'a wide zero matrix': matrix(3, 5),
  'a single number': matrix(1, 1, Float64Array.of(-3)),
  'a row': matrix(1, 4, Float64Array.of(1, -2, 2, 0)),
  'a column': matrix(3, 1, Float64Array.of(2, -1, -2)),
  'rank 3 of 10': withSpectrum(20, 10, [5, 2, 1]),
  'rank 1 with equal columns': matrix(
    4,
    3,
    Float64Array.from({ length: 12 }, (_, i) => Math.floor(i / 3) + 1),
  ),
  'a first column of zeros': matrix(3, 2, Float64Array.of(0, 1, 0, 2, 0, 3)),
  'equal singular values': withSpectrum(16, 9, [3, 3, 3, 2, 2, 1, 1, 1, 1]),
  'a spectrum over 15 decades': withSpectrum(12, 8, [1, 1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-15]),
  'entries near 1e300': withSpectrum(8, 5, [3e300, 2e300, 1e300, 5e299, 1e299]),
  'entries near 1e-300': withSpectrum(8, 5, [3e-300, 2e-300, 1e-300, 5e-301, 1e-301]),
  'entries of 1 and of 1e-200': matrix(3, 2, Float64Array.of(1, 1e-200, 0, 1e-200, 0, -1e-200)),
  'no columns': matrix(3, 0),
  'no rows': matrix(0, 3),
}

describe('qr', () => {
  for (const [name, a] of Object.entries(inputs)) {
    it(`rebuilds ${name} with orthonormal Q and a diagonal of R that is not negative`, () => {
      const { q, r } = qr(a)
      const size = Math.min(a.rows, a.cols)
      expect([q.rows, q.cols, r.rows, r.cols]).toEqual([a.rows, size, size, a.cols])
      expectOrthonormalColumns(q)
      expect(difference(multiply(q, r), a)).toBeLessThanOrEqual(TOLERANCE * frobeniusNorm(a))
      for (let i = 0; i < size; i++) {
        expect(r.data[i * a.cols + i]).toBeGreaterThanOrEqual(0)
        for (let j = 0; j < i; j++) expect(r.data[i * a.cols + j]).toBe(0)
      }
    })
  }

  it('gives (0.6, 0.8) and 5 for the column (3, 4)', () => {
    const { q, r } = qr(matrix(2, 1, Float64Array.of(3, 4)))
    expect(q.data[0]).toBeCloseTo(0.6, 15)
    expect(q.data[1]).toBeCloseTo(0.8, 15)
    expect(r.data[0]).toBeCloseTo(5, 15)
  })
})

describe('svd', () => {
  for (const [name, a] of Object.entries(inputs)) {
    it(`decomposes ${name}`, () => expectSvdOf(a, svd(a)))
    it(`has the same singular values for the transpose of ${name}`, () => {
      const [values, transposed] = [svd(a).s, svd(transpose(a)).s]
      for (let i = 0; i < values.length; i++) {
        expect(Math.abs(values[i]! - transposed[i]!)).toBeLessThanOrEqual(TOLERANCE * values[0]!)
      }
    })
  }

  it('decomposes any small matrix, whatever the sizes of its entries', () => {
    const entry = fc.oneof(
      fc.constantFrom(0, 1, -1, 2, 1e-8, -1e8),
      fc.double({ min: -1e3, max: 1e3, noNaN: true }),
      fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -300, max: 290 })).map(([x, e]) => x * 10 ** e),
    )
    const small = fc
      .tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 }))
      .chain(([rows, cols]) =>
        fc
          .array(entry, { minLength: rows * cols, maxLength: rows * cols })
          .map((entries) => matrix(rows, cols, Float64Array.from(entries))),
      )
    fc.assert(fc.property(small, (a) => expectSvdOf(a, svd(a))))
  })

  it('finds the spectrum and the vectors that a matrix was built from', () => {
    const spectrum = [8, 4, 2, 1, 0.5]
    const { u, s, v } = svd(withSpectrum(9, 5, spectrum))
    const [left, right] = [orthogonal(9, 1), orthogonal(5, 2)]
    for (let j = 0; j < 5; j++) {
      expect(Math.abs(s[j]! - spectrum[j]!)).toBeLessThan(8 * TOLERANCE)
      const sign = Math.sign(u.data[j]! * left.data[j]!)
      for (let i = 0; i < 9; i++) expect(u.data[i * 5 + j]).toBeCloseTo(sign * left.data[i * 9 + j]!, 12)
      for (let i = 0; i < 5; i++) expect(v.data[i * 5 + j]).toBeCloseTo(sign * right.data[i * 5 + j]!, 12)
    }
  })

  it('keeps tiny singular values of a diagonal matrix to the last bit', () => {
    expect(Array.from(svd(diagonal(3, 3, [1e-20, -4, 1e-9])).s)).toEqual([4, 1e-9, 1e-20])
  })

  it('puts singular values of rank-deficient input at rounding level', () => {
    const { s } = svd(inputs['rank 3 of 10']!)
    expect(s[2]).toBeCloseTo(1, 12)
    expect(s[3]).toBeLessThan(5 * 1e-15)
  })

  it('refuses NaN and infinity', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const broken = matrix(2, 2, Float64Array.of(1, 0, value, 1))
      for (const decompose of [svd, qr, symmetricEigen]) {
        expect(() => decompose(broken)).toThrow(expect.objectContaining({ code: 'not-finite' }))
      }
    }
  })
})

describe('symmetricEigen', () => {
  it('gives 3 and 1 for [[2, 1], [1, 2]], with (1, 1) / sqrt 2 first', () => {
    const { values, vectors } = symmetricEigen(matrix(2, 2, Float64Array.of(2, 1, 1, 2)))
    expect(Array.from(values)).toEqual([expect.closeTo(3, 14), expect.closeTo(1, 14)])
    expect(Array.from(vectors.data.subarray(0, 1))).toEqual([expect.closeTo(Math.SQRT1_2, 14)])
    expect(vectors.data[2]).toBeCloseTo(Math.SQRT1_2, 14)
  })

  const spectra: Readonly<Record<string, readonly number[]>> = {
    'mixed signs': [5, 2, 1, -1, -7],
    'equal values': [4, 4, 4, 1, 1, 1, -2, -2],
    'rank 2': [3, 1, 0, 0, 0, 0],
    'zeros': [0, 0, 0],
    'huge numbers': [3e300, 1e300, -1e299],
    'one number': [-2],
    'none': [],
  }
  for (const [name, spectrum] of Object.entries(spectra)) {
    it(`finds a spectrum of ${name}, in descending order`, () => {
      const size = spectrum.length
      const basis = orthogonal(size, 3)
      const a = multiplyRightTransposed(multiply(basis, diagonal(size, size, spectrum)), basis)
      const { values, vectors } = symmetricEigen(a)
      const tolerance = TOLERANCE * frobeniusNorm(a)
      for (let i = 0; i < size; i++) expect(Math.abs(values[i]! - spectrum[i]!)).toBeLessThanOrEqual(tolerance)
      expectOrthonormalColumns(vectors)
      expectSigned(vectors)
      const rebuilt = multiplyRightTransposed(multiply(vectors, diagonal(size, size, values)), vectors)
      expect(difference(rebuilt, a)).toBeLessThanOrEqual(tolerance)
    })
  }

  it('agrees with the squared singular values of a Gram matrix', () => {
    const a = sketchMatrix(30, 20, stream(20))
    const { values } = symmetricEigen(multiplyLeftTransposed(a, a))
    svd(a).s.forEach((s, i) => {
      expect(Math.abs(values[i]! - s * s)).toBeLessThan(1e-12 * values[0]!)
    })
  })

  it('refuses a matrix that is not square', () => {
    expect(() => symmetricEigen(matrix(2, 3))).toThrow('expected length 2, got 3')
  })
})

describe('randomizedSvd', () => {
  it('is the truncated SVD of a matrix of that rank', () => {
    const a = withSpectrum(60, 40, [9, 7, 5, 3, 1])
    const exact = svd(a)
    const { u, s, v } = randomizedSvd(a, { rank: 5, random: stream(30) })
    for (let j = 0; j < 5; j++) {
      expect(Math.abs(s[j]! - exact.s[j]!)).toBeLessThan(9 * TOLERANCE)
      for (let i = 0; i < 60; i++) expect(u.data[i * 5 + j]).toBeCloseTo(exact.u.data[i * 40 + j]!, 12)
      for (let i = 0; i < 40; i++) expect(v.data[i * 5 + j]).toBeCloseTo(exact.v.data[i * 40 + j]!, 12)
    }
  })

  it('comes within 1 % of the best rank-32 error on 512 x 192 with a spectrum 1 / i', () => {
    const spectrum = Array.from({ length: 192 }, (_, i) => 1 / (i + 1))
    const a = withSpectrum(512, 192, spectrum)
    const { u, s, v } = randomizedSvd(a, { rank: 32, random: stream(31) })
    expectOrthonormalColumns(u)
    expectOrthonormalColumns(v)
    const best = Math.sqrt(spectrum.slice(32).reduce((sum, value) => sum + value * value, 0))
    const error = difference(multiplyRightTransposed(multiply(u, diagonal(32, 32, s)), v), a)
    expect(error).toBeLessThan(1.01 * best)
    expect(error).toBeGreaterThan(best * (1 - TOLERANCE))
  })

  it('stays orthonormal where the rank asked for is above the rank there is', () => {
    const { u, s, v } = randomizedSvd(withSpectrum(20, 15, [2, 1]), { rank: 6, random: stream(32) })
    expectOrthonormalColumns(u)
    expectOrthonormalColumns(v)
    expect(s[2]).toBeLessThan(1e-14)
    expectOrthonormalColumns(randomizedSvd(matrix(9, 6), { rank: 3, random: stream(33) }).u)
  })

  it('is the full SVD at full rank, wide matrices included', () => {
    const wide = inputs['a wide random matrix']!
    expectSvdOf(wide, randomizedSvd(wide, { rank: 12, random: stream(34), powerPasses: 0 }))
  })

  it('gives the same bytes for the same stream', () => {
    const a = inputs['a tall random matrix']!
    expect(randomizedSvd(a, { rank: 4, random: stream(35) })).toEqual(randomizedSvd(a, { rank: 4, random: stream(35) }))
  })

  it('refuses ranks outside 1..min(m, n)', () => {
    for (const rank of [0, 13, 2.5, Number.NaN]) {
      expect(() => randomizedSvd(inputs['a tall random matrix']!, { rank, random: stream(36) })).toThrow(
        expect.objectContaining({ code: 'rank-too-large' }),
      )
    }
  })
})
