import { describe, expect, it } from 'vitest'
import { createBackoff } from './backoff.ts'

describe('the pauses of a worker', () => {
  it('grow from 1 s to 60 s, each twice the one before, and begin again after a reset', () => {
    const backoff = createBackoff({ firstMs: 1000, longestMs: 60_000, random: () => 1 })
    const pauses = Array.from({ length: 8 }, () => backoff.next())
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
    backoff.reset()
    expect(backoff.next()).toBe(1000)
  })

  it('lie between half and all of that, so that workers do not all come back at once', () => {
    const draws = [0, 0.5, 1]
    const backoff = createBackoff({ firstMs: 800, longestMs: 800, random: () => draws.shift()! })
    expect([backoff.next(), backoff.next(), backoff.next()]).toEqual([400, 600, 800])
  })
})
