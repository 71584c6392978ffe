import { identity, matrix } from '@tessera/math'
import { describe, expect, it } from 'vitest'
import { momentsLength, readMoments } from './activation-moments.ts'

/** The tokens (1, 2) and (3, 0), two of them in one row: Σ x xᵀ = [[10, 2], [2, 4]], Σ x = (4, 2), Σ ‖x‖² = 14. */
const whole = Float32Array.of(10, 2, 2, 4, 4, 2, 14, 2)

describe('the moments of activations', () => {
  it('about zero are means over tokens', () => {
    const { product, trace } = readMoments(whole, identity(2), false)
    expect([...product.data]).toEqual([5, 1, 1, 2])
    expect(trace).toBe(7)
  })

  it('about the mean (2, 1) are the covariance: (∓1, ±1) at both tokens', () => {
    const { product, trace } = readMoments(whole, identity(2), true)
    expect([...product.data]).toEqual([1, -1, -1, 1])
    expect(trace).toBe(2)
  })

  it('along a panel are products with it, also when they are divided by the rows before', () => {
    const along = matrix(2, 1, Float64Array.of(1, 1)) // Σ x xᵀ (1, 1)ᵀ = (12, 6)
    const { product } = readMoments(
      Float32Array.of(12, 6, 4, 2, 14, 2).map((value) => value / 4),
      along,
      true,
    )
    expect([...product.data]).toEqual([0, 0]) // the tokens differ along (−1, 1) only
    expect(momentsLength(2, 1)).toBe(6)
  })

  it('are refused where no token counts, and where they are of another layer', () => {
    expect(() => readMoments(new Float32Array(8), identity(2), false)).toThrow('no token of the data counts')
    expect(() => readMoments(new Float32Array(7), identity(2), false)).toThrow('expected length 8, got 7')
  })
})
