import { describe, expect, it } from 'vitest'
import { causalMask, FORBIDDEN } from './attention-mask.ts'

describe('the causal mask', () => {
  it('lets query 0 see key 0, query 1 keys 0 and 1, query 2 all', () => {
    const no = FORBIDDEN
    expect(Array.from(causalMask(3))).toEqual([0, no, no, 0, 0, no, 0, 0, 0])
    expect(Number.isFinite(no)).toBe(true)
  })
})
