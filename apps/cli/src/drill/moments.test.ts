import { describe, expect, it } from 'vitest'
import { randomMoments } from './moments.ts'
import { seededRandom } from './seeded-random.ts'

const PLAN = { times: 40, from: 0, to: 4, roundMs: 1000 }
const moments = (seed: number, change: object = {}) => randomMoments(seededRandom(`${seed}`), { ...PLAN, ...change })

describe('random moments', () => {
  it('are the same for the same seed and others for another', () => {
    expect(moments(1)).toEqual(moments(1))
    expect(moments(1)).not.toEqual(moments(2))
  })

  it('lie in every round there is, within four fifths of one, in order', () => {
    const drawn = moments(1)
    expect(new Set(drawn.map(({ round }) => round))).toEqual(new Set([0, 1, 2, 3, 4]))
    for (const { afterMs } of drawn) expect(afterMs).toBeLessThan(800)
    const order = drawn.map(({ round, afterMs }) => 1000 * round + afterMs)
    expect(order).toEqual([...order].sort((a, b) => a - b))
  })

  it('lie in the round that is asked for', () => {
    expect(new Set(moments(1, { atRound: 3 }).map(({ round }) => round))).toEqual(new Set([3]))
    expect(new Set(moments(1, { from: 2, to: 3 }).map(({ round }) => round))).toEqual(new Set([2, 3]))
  })
})
