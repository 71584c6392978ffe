import { describe, expect, it } from 'vitest'
import { binaryExponent, powerOfTwo } from './binary-exponent.ts'
import { fromFloat32, identity, leadingColumns, matrix, maxAbsFinite, toFloat32, transpose } from './matrix.ts'
import { frobeniusNorm, multiply, multiplyLeftTransposed, multiplyRightTransposed } from './matrix-product.ts'

const a = matrix(2, 3, Float64Array.of(1, 2, 3, 4, 5, 6))
const b = matrix(3, 2, Float64Array.of(7, 8, 9, 10, 11, 12))

describe('matrix', () => {
  it('transposes [2, 3] to [3, 2] and leaves its input alone', () => {
    expect(transpose(a)).toEqual(matrix(3, 2, Float64Array.of(1, 4, 2, 5, 3, 6)))
    expect(Array.from(a.data)).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('copies from float32 exactly and rounds back to nearest', () => {
    const values = Float32Array.of(0.1, -2, 3e38)
    const copy = fromFloat32(1, 3, values)
    expect(toFloat32(copy)).toEqual(values)
    expect(copy.data[0]).toBe(Math.fround(0.1))
    expect(toFloat32(matrix(1, 1, Float64Array.of(1 + 2 ** -24)))[0]).toBe(1)
  })

  it('takes the first columns', () => {
    expect(leadingColumns(a, 2)).toEqual(matrix(2, 2, Float64Array.of(1, 2, 4, 5)))
    expect(() => leadingColumns(a, 4)).toThrow('expected length 3, got 4')
  })

  it('refuses data of another length and sides that are no counts', () => {
    expect(() => matrix(2, 2, new Float64Array(3))).toThrow('expected length 4, got 3')
    expect(() => matrix(-1, 2)).toThrow('integer >= 0, got -1')
    expect(() => matrix(1.5, 2)).toThrow('got 1.5')
  })

  it('names the place of an entry that is not finite', () => {
    expect(() => maxAbsFinite(matrix(2, 2, Float64Array.of(0, 1, Number.NaN, 1)), 'input')).toThrow(
      'input: entry (1, 0) is NaN',
    )
    expect(maxAbsFinite(a, 'input')).toBe(6)
  })
})

describe('products', () => {
  const product = matrix(2, 2, Float64Array.of(58, 64, 139, 154)) // 1*7 + 2*9 + 3*11 = 58

  it('multiplies [2, 3] by [3, 2], worked by hand', () => {
    expect(multiply(a, b)).toEqual(product)
  })

  it('gives the same for transposed operands', () => {
    expect(multiplyLeftTransposed(transpose(a), b)).toEqual(product)
    expect(multiplyRightTransposed(a, transpose(b))).toEqual(product)
    expect(multiply(identity(2), a)).toEqual(a)
  })

  it('sums over an empty inner side to zeros', () => {
    expect(multiply(matrix(2, 0), matrix(0, 3))).toEqual(matrix(2, 3))
    expect(multiplyLeftTransposed(matrix(0, 2), matrix(0, 3))).toEqual(matrix(2, 3))
    expect(multiplyRightTransposed(matrix(2, 0), matrix(3, 0))).toEqual(matrix(2, 3))
  })

  it('lets NaN through, also against a zero', () => {
    const nan = matrix(1, 1, Float64Array.of(Number.NaN))
    expect(multiply(matrix(1, 1), nan).data[0]).toBeNaN()
  })

  it('refuses inner sides that differ', () => {
    expect(() => multiply(a, a)).toThrow('multiply: rows of b: expected length 3, got 2')
    expect(() => multiplyLeftTransposed(a, b)).toThrow('expected length 2, got 3')
    expect(() => multiplyRightTransposed(a, b)).toThrow('expected length 3, got 2')
  })
})

describe('frobeniusNorm', () => {
  it('is 5 for (3, 4), at any scale', () => {
    for (const scale of [1, 2 ** 1000, 2 ** -1000, 2 ** -1070]) {
      expect(frobeniusNorm(matrix(1, 2, Float64Array.of(3 * scale, 4 * scale)))).toBe(5 * scale)
    }
  })

  it('is 0 for nothing, and NaN or infinite where an entry is', () => {
    expect(frobeniusNorm(matrix(0, 3))).toBe(0)
    expect(frobeniusNorm(matrix(2, 2))).toBe(0)
    expect(frobeniusNorm(matrix(1, 1, Float64Array.of(Number.NaN)))).toBeNaN()
    expect(frobeniusNorm(matrix(1, 1, Float64Array.of(Number.NEGATIVE_INFINITY)))).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('powers of two', () => {
  it('are exact from the least subnormal number to the largest power', () => {
    for (let exponent = -1074; exponent <= 1023; exponent++) {
      expect(binaryExponent(powerOfTwo(exponent))).toBe(exponent)
      expect(powerOfTwo(exponent) * 2).toBe(powerOfTwo(exponent + 1))
    }
    expect([powerOfTwo(0), powerOfTwo(10), powerOfTwo(-1075), powerOfTwo(1024)]).toEqual([1, 1024, 0, Infinity])
  })

  it('takes the floor of the logarithm', () => {
    expect([1, 1.999, 10, -10, 2 ** -1074 * 3, Number.MAX_VALUE].map(binaryExponent)).toEqual([0, 0, 3, 3, -1073, 1023])
    expect([0, Number.NaN, Infinity].map(binaryExponent)).toEqual([Number.NEGATIVE_INFINITY, Number.NaN, Number.NaN])
  })
})
