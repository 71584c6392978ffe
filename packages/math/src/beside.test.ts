import { describe, expect, it } from 'vitest'
import { beside, matrix, scaled } from './index.ts'

const of = (rows: number, cols: number, ...values: number[]) => matrix(rows, cols, Float64Array.from(values))

describe('beside', () => {
  it('puts columns after columns: [1 2; 3 4] [5; 6] is [1 2 5; 3 4 6]', () => {
    expect(beside([of(2, 2, 1, 2, 3, 4), of(2, 1, 5, 6)])).toEqual(of(2, 3, 1, 2, 5, 3, 4, 6))
    expect(beside([])).toEqual(of(0, 0))
  })

  it('throws for other rows', () => {
    expect(() => beside([of(2, 1, 1, 2), of(1, 1, 3)])).toThrow(expect.objectContaining({ code: 'shape-mismatch' }))
  })
})

describe('scaled', () => {
  it('multiplies every entry, and changes nothing that it was given', () => {
    const a = of(1, 2, 3, -4)
    expect(scaled(a, 0.5)).toEqual(of(1, 2, 1.5, -2))
    expect(a).toEqual(of(1, 2, 3, -4))
  })
})
