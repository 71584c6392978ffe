import { type Site, unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { activeLayout, adapterMethods, createLayout, flatten, unflatten } from './index.ts'

const SITES: readonly Site[] = [0, 1, 2, 3, 4].flatMap((layer) => [
  { name: `model.layers.${layer}.q_proj`, outDim: 8, inDim: 6 },
  { name: `model.layers.${layer}.o_proj`, outDim: 4, inDim: 10 },
])

function schedule(name: string, options: object) {
  const method = unwrap(adapterMethods.byName(name))
  const config = method.config.parse(options)
  const layout = createLayout(method, config, SITES)
  const inRound = (round: number, seed = 3) => activeLayout(layout, { method, options: config, seed, round })
  const factors = (round: number) => [...new Set(inRound(round).segments.map(({ factor }) => factor))]
  return { layout, inRound, factors }
}

describe('the trained factors of a round', () => {
  it('lamda: B and R up to the round of the freeze, then R alone', () => {
    const { factors, inRound } = schedule('lamda', { rank: 2, freezeAfter: 2 })
    expect([1, 2, 3, 9].map(factors)).toEqual([['B', 'R'], ['B', 'R'], ['R'], ['R']])
    expect([inRound(2).length, inRound(3).length]).toEqual([5 * 2 * (8 + 4) + 10 * 4, 10 * 4])
  })

  it.each([
    ['vera', 'b', 'd'],
    ['randlora', 'lambda', 'gamma'],
    ['nola', 'mixB', 'mixA'],
    ['soka', 'L', 'K'],
  ])('%s: %s in odd rounds and %s in even ones when it alternates, else always the same', (name, left, right) => {
    const inRounds = (trains: string) => [1, 2, 3].map(schedule(name, { rank: 2, trains }).factors)
    expect(inRounds('alternate')).toEqual([[left], [right], [left]])
    expect(inRounds('both')).toEqual(Array(3).fill([left, right]))
    expect(inRounds('left')).toEqual(Array(3).fill([left]))
    expect(inRounds('right')).toEqual(Array(3).fill([right]))
  })

  it('lisa: two whole layers of five, drawn anew every two rounds by the seed', () => {
    const { inRound } = schedule('lisa', { layers: 2, every: 2 })
    const layers = (round: number, seed?: number) => inRound(round, seed).segments.map(({ site }) => site)
    for (const round of [1, 3, 5]) {
      expect(layers(round).length).toBe(4)
      expect(new Set(layers(round).map((site) => site.split('.')[2])).size).toBe(2)
      expect(layers(round + 1)).toEqual(layers(round))
    }
    expect(new Set([1, 3, 5, 7, 9].map((round) => layers(round).join())).size).toBeGreaterThan(1)
    expect(new Set([1, 2, 3, 4].map((seed) => layers(1, seed).join())).size).toBeGreaterThan(1)
  })

  it('are all of them, in the same layout, where a method has no schedule', () => {
    const { layout, inRound } = schedule('lora', { rank: 2 })
    expect(inRound(4)).toBe(layout)
  })

  it('are the only ones that a round changes', () => {
    const { layout, inRound } = schedule('lamda', { rank: 2, freezeAfter: 0 })
    const active = inRound(1)
    const received = Float32Array.from({ length: layout.length }, (_, at) => at)
    const trained = flatten(active, unflatten(layout, received)).map((value) => value + 0.5)
    const after = flatten(layout, { ...unflatten(layout, received), ...unflatten(active, trained) })
    const changed = layout.segments.filter(({ offset }) => after[offset] !== received[offset])
    expect(new Set(changed.map(({ factor }) => factor))).toEqual(new Set(['R']))
    expect(after.filter((value, at) => value !== received[at]).length).toBe(active.length)
  })
})
