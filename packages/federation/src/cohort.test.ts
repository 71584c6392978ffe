import { describe, expect, it } from 'vitest'
import { type Draw, drawCohort } from './cohort.ts'

const draw = (choices: Partial<Draw> = {}): Draw => ({
  seed: 1,
  kind: 'train',
  index: 1,
  attempt: 1,
  size: 3,
  ...choices,
})
const clients = Array.from({ length: 10 }, (_, i) => `client-${i}`)

describe('drawCohort', () => {
  it('does not depend on the order of the candidates, and leaves them as they are', () => {
    const reversed = [...clients].reverse()
    expect(drawCohort(reversed, draw())).toEqual(drawCohort(clients, draw()))
    expect(reversed).toEqual([...clients].reverse())
  })

  it('takes all of them when there are too few, and none for no place', () => {
    expect(drawCohort(['b', 'a'], draw({ size: 5 }))).toEqual(['a', 'b'])
    expect(drawCohort([], draw())).toEqual([])
    expect(drawCohort(clients, draw({ size: 0 }))).toEqual([])
  })

  it('takes different clients, as many as asked for', () => {
    const drawn = drawCohort(clients, draw({ size: 7 }))
    expect(new Set(drawn).size).toBe(7)
    expect(clients).toEqual(expect.arrayContaining(drawn))
  })

  it('draws anew for another run, kind of stage, stage and attempt', () => {
    const cohorts = [{}, { seed: 2 }, { kind: 'probe' }, { index: 2 }, { attempt: 2 }] as const
    const many = Array.from({ length: 60 }, (_, i) => `client-${i}`)
    const drawn = cohorts.map((choice) => drawCohort(many, draw({ ...choice, size: 20 })).join())
    expect(new Set(drawn).size).toBe(5)
  })

  it('draws every client, and every pair, alike: within 4 standard errors over 4000 rounds', () => {
    const rounds = 4000
    const alone = new Map<string, number>()
    const together = new Map<string, number>()
    const count = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1)
    for (let index = 1; index <= rounds; index++) {
      const drawn = drawCohort(clients, draw({ index }))
      for (const one of drawn) count(alone, one)
      for (const one of drawn) for (const other of drawn) if (one < other) count(together, `${one} ${other}`)
    }
    const expectShare = (counts: Map<string, number>, size: number, share: number) => {
      expect(counts.size).toBe(size)
      const allowed = 4 * Math.sqrt((share * (1 - share)) / rounds)
      for (const times of counts.values()) expect(Math.abs(times / rounds - share)).toBeLessThanOrEqual(allowed)
    }
    expectShare(alone, 10, 3 / 10)
    expectShare(together, 45, (3 * 2) / (10 * 9))
  })
})
