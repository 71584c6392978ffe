import { matrix } from '@tessera/math'
import { testRandom } from '@tessera/testing'
import { describe, expect, it } from 'vitest'
import { measuredCovariance, measuredInFull, measuredTriples, traceOf } from './measured.ts'

const firstAxis = matrix(3, 1, Float64Array.of(1, 0, 0))

describe('what was measured', () => {
  it('in full has its own triples: diag(1, −2) is 2 along the second axis', () => {
    const whole = matrix(2, 2, Float64Array.of(1, 0, 0, -2))
    const measured = measuredInFull(whole, testRandom(1))
    const { u, s, v } = measured.leading(1)
    expect(measured.whole()).toBe(whole)
    expect([s[0], ...u.data, ...v.data].map((value) => Math.round(value * 1e9) / 1e9)).toEqual([2, 0, 1, 0, -1])
  })

  it('by a sketch of a gradient is its triples, and nothing more', () => {
    const triples = { u: matrix(2, 1, Float64Array.of(0, 1)), s: Float64Array.of(4), v: firstAxis }
    expect([...measuredTriples(triples).whole().data]).toEqual([0, 0, 0, 4, 0, 0])
  })

  it('by a sketch of a covariance has the rest of the trace evenly outside: 5 − 3 over two axes', () => {
    const whole = measuredCovariance(Float64Array.of(3), firstAxis, 5).whole()
    expect([...whole.data]).toEqual([3, 0, 0, 0, 1, 0, 0, 0, 1])
    expect(traceOf(whole)).toBe(5)
  })

  it('stays positive where rounding leaves less of the trace than the sketch has', () => {
    const whole = measuredCovariance(Float64Array.of(3), firstAxis, 2.9).whole()
    expect([...whole.data]).toEqual([3, 0, 0, 0, 0, 0, 0, 0, 0])
  })
})
