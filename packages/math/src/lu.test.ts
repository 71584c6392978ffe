import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRandomStream, lu, type Matrix, matrix, multiply } from './index.ts'

function randomMatrix(rows: number, cols: number, seed: number): Matrix {
  const random = createRandomStream({ seed, purpose: 'lu test', round: 0, client: 0, block: 0 })
  return matrix(
    rows,
    cols,
    Float64Array.from({ length: rows * cols }, () => random.symmetricUniform()),
  )
}
const largest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

describe('lu', () => {
  it('eliminates [[1, 2], [2, 2]] by its second row, worked by hand', () => {
    const { l, u, pivots } = lu(matrix(2, 2, Float64Array.of(1, 2, 2, 2)))
    expect([...l.data]).toEqual([0.5, 1, 1, 0])
    expect([...u.data]).toEqual([2, 2, 0, 1])
    expect(pivots).toEqual([1, 0])
  })

  it('takes the first of equal pivots, and goes on where a column is zero', () => {
    expect(lu(matrix(3, 1, Float64Array.of(1, -2, 2))).pivots).toEqual([1])
    const { l, u, pivots } = lu(matrix(2, 2, Float64Array.of(0, 3, 0, 5)))
    expect(pivots).toEqual([0, 1])
    expect([...multiply(l, u).data]).toEqual([0, 3, 0, 5])
  })

  it('gives back any matrix to 1e-13, with multipliers within [-1, 1] and an upper triangle', () => {
    fc.assert(
      fc.property(fc.nat({ max: 12 }), fc.nat({ max: 12 }), fc.nat(), (rows, cols, seed) => {
        const a = randomMatrix(rows, cols, seed)
        const { l, u, pivots } = lu(a)
        const product = multiply(l, u)
        expect(largest(product.data.map((value, at) => value - a.data[at]!))).toBeLessThan(1e-13 * (rows + cols + 1))
        expect(largest(l.data)).toBeLessThanOrEqual(1)
        expect(new Set(pivots).size).toBe(Math.min(rows, cols))
        for (let i = 0; i < u.rows; i++) expect(largest(u.data.slice(i * cols, i * cols + i))).toBe(0)
      }),
    )
  })

  it('of fewer steps has the first columns and rows of all steps', () => {
    const a = randomMatrix(7, 5, 3)
    const [all, some] = [lu(a), lu(a, 2)]
    expect([...some.u.data]).toEqual([...all.u.data.subarray(0, 2 * 5)])
    expect([...some.l.data]).toEqual([...all.l.data.filter((_, at) => at % 5 < 2)])
  })

  it('refuses entries that are not finite, and more steps than there are', () => {
    expect(() => lu(matrix(1, 1, Float64Array.of(Number.NaN)))).toThrow(expect.objectContaining({ code: 'not-finite' }))
    expect(() => lu(matrix(2, 3), 3)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })
})
