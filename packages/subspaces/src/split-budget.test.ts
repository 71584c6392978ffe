import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitBudget } from './split-budget.ts'

const blocksOf = (...lengths: number[]) => lengths.map((length) => ({ offset: 0, length }))

describe('splitBudget', () => {
  it('gives each block one and shares the rest by the scores, worked by hand', () => {
    // 10 - 3 = 7 left: 7 · (1, 2, 4) / 7 = 1, 2, 4
    expect(splitBudget(blocksOf(100, 100, 100), [1, 2, 4], 10)).toEqual([2, 3, 5])
    // 4 left: 4 · (1, 1, 1) / 3 = 1.33 each, and the first of the equal remainders gets the last one
    expect(splitBudget(blocksOf(100, 100, 100), [1, 1, 1], 7)).toEqual([3, 2, 2])
  })

  it('goes by lengths where there is no score yet, and gives no block more than its length', () => {
    expect(splitBudget(blocksOf(30, 10), [0, 0], 6)).toEqual([4, 2])
    expect(splitBudget(blocksOf(3, 10), [1000, 1], 9)).toEqual([3, 6])
    expect(splitBudget(blocksOf(3, 4), [1, 0], 7)).toEqual([3, 4])
  })

  it('shares exactly the budget, whatever the scores', () => {
    const entry = fc.record({
      length: fc.integer({ min: 1, max: 50 }),
      score: fc.double({ min: 0, max: 1e30, noNaN: true }),
    })
    const check = (entries: readonly { length: number; score: number }[], part: number) => {
      const blocks = blocksOf(...entries.map(({ length }) => length))
      const total = blocks.reduce((sum, { length }) => sum + length, 0)
      const budget = blocks.length + Math.floor(part * (total - blocks.length))
      const split = splitBudget(
        blocks,
        entries.map(({ score }) => score),
        budget,
      )
      expect(split.reduce((sum, count) => sum + count, 0)).toBe(budget)
      for (const [at, count] of split.entries()) {
        expect(count).toBeGreaterThanOrEqual(1)
        expect(count).toBeLessThanOrEqual(blocks[at]!.length)
      }
    }
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 12 }), fc.double({ min: 0, max: 1, noNaN: true }), check),
    )
  })
})
