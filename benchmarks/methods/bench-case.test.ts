import { describe, expect, it } from 'vitest'
import { bestRows, knownRow } from './bench-case.ts'
import { exampleRow } from './example-row.ts'

describe('knownRow', () => {
  const row = exampleRow()

  it('knows a case again, whatever the order of its fields', () => {
    const settings = { ...row.settings, adapter: { rank: 8, method: 'lora' } }
    expect(knownRow([row], { setting: 'paper', settings })).toBe(row)
  })

  it.each([{ clients: 10 }, { seed: 2 }, { rate: 0.002 }, { adapter: { method: 'lora', rank: 4 } }])(
    'runs it anew with %j',
    (changed) => {
      expect(knownRow([row], { setting: 'paper', settings: { ...row.settings, ...changed } })).toBeUndefined()
    },
  )
})

describe('bestRows', () => {
  it('takes the best rate of a method, and keeps other numbers of clients apart', () => {
    const slow = exampleRow({ rate: 0.001 }, { accuracy: 0.4 })
    const fast = exampleRow({ rate: 0.01 }, { accuracy: 0.6 })
    const many = exampleRow({ clients: 30 }, { accuracy: 0.3 })
    expect(bestRows([slow, fast, many])).toEqual([fast, many])
  })
})
