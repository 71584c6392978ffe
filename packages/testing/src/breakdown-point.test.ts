import { bulyan, coordinateMedian, krum, trimmedMean, weightedMean } from '@tessera/aggregators'
import { describe, expect, it } from 'vitest'
import { littleEnough } from './attacks.ts'
import { breakdownPoint, CROWD } from './breakdown-point.ts'

const attackersOf = (...[rule, clients]: [Parameters<typeof breakdownPoint>[0], number]) =>
  breakdownPoint(rule, {}, clients).attackers

describe('the breakdown point of a rule', () => {
  it('is the largest f of its papers, worked by hand for 43 and for 42 clients', () => {
    // 43 = 2 · 21 + 1 = 2 · 20 + 3 = 4 · 10 + 3; one client less is one attacker less
    const rules = [coordinateMedian, trimmedMean, krum, bulyan]
    expect(rules.map((rule) => attackersOf(rule, CROWD))).toEqual([21, 21, 20, 10])
    expect(rules.map((rule) => attackersOf(rule, CROWD - 1))).toEqual([20, 20, 19, 9])
  })

  it('is told to a rule that counts attackers, and keeps the other options', () => {
    expect(breakdownPoint(krum, { attackers: 1 }, 5)).toEqual({ config: { attackers: 1 }, attackers: 1 })
    expect(breakdownPoint(weightedMean, {}, 5)).toEqual({ config: {}, attackers: 0 })
  })

  it('leaves attackers room to hide in the crowd', () => {
    // supporters 22 − f of 43 − f honest clients: Φ(z) = 21/22, 21/23 and 21/33
    const z = [21, 20, 10].map((attackers) => littleEnough(CROWD, attackers))
    expect(z.map((value) => value.toFixed(2))).toEqual(['1.69', '1.36', '0.35'])
  })
})
