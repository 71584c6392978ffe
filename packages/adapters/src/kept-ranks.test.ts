import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import {
  adapterMethods,
  createLayout,
  deltaWeight,
  keepRanks,
  type RankedSite,
  siteFactors,
  unflatten,
} from './index.ts'
import { rankMeans } from './kept-ranks.ts'

const SITES: readonly RankedSite[] = [
  { name: 'a', outDim: 2, inDim: 3 },
  { name: 'b', outDim: 3, inDim: 2 },
]
const layoutFor = (method: string, sites = SITES) => {
  const plugin = unwrap(adapterMethods.byName(method))
  return createLayout(plugin, plugin.config.parse({ rank: 2 }), sites)
}
const layout = layoutFor('adalora')
/** 1, 2, 3 … : P, λ and Q of a are 1-4, 5-6 and 7-12, those of b 13-18, 19-20 and 21-24. */
const coordinates = Float32Array.from({ length: layout.length }, (_, at) => at + 1)
const deltas = (own: typeof layout, values: Float32Array) =>
  own.sites.map((entry) => {
    const factors = siteFactors(entry, unflatten(own, values))
    return deltaWeight({ ...entry, weight: new Float32Array(6), factors })
  })

describe('ranks that are kept', () => {
  it('come in the order that is asked for, and a site without any leaves the coordinates', () => {
    const kept = keepRanks(layout, coordinates, { a: [1], b: [] })
    expect([...kept]).toEqual([2, 4, 6, 10, 11, 12])
    expect(kept).toHaveLength(
      layoutFor('adalora', [
        { ...SITES[0]!, rank: 1 },
        { ...SITES[1]!, rank: 0 },
      ]).length,
    )
  })

  it.each(['adalora', 'lora'])('in another order leave the weight change of %s as it is', (method) => {
    const own = layoutFor(method)
    const values = Float32Array.from({ length: own.length }, (_, at) => (at % 7) - 3)
    const turned = keepRanks(own, values, { a: [1, 0], b: [1, 0] })
    expect(turned).not.toEqual(values)
    expect(deltas(own, turned)).toEqual(deltas(own, values))
  })

  it('weigh what their row and column hold on average: rank 0 of a has 5 + (1 + 3) / 2 + (7 + 8 + 9) / 3', () => {
    const means = rankMeans(layout, Float64Array.from(coordinates))
    expect(means).toEqual({
      a: Float64Array.of(5 + 2 + 8, 6 + 3 + 11),
      b: Float64Array.of(19 + 15 + 21.5, 20 + 16 + 23.5),
    })
  })

  it.each(['lora-sb', 'svfit', 'train-b-only', 'bone', 'moslora'])(
    'are none that %s could drop one by one',
    (method) => {
      const own = layoutFor(method, [{ name: 'a', outDim: 4, inDim: 4 }])
      expect(() => keepRanks(own, new Float32Array(own.length), { a: [0] })).toThrow(
        expect.objectContaining({
          code: 'invalid-config',
          message: expect.stringContaining('does not fall into ranks'),
        }),
      )
    },
  )
})
