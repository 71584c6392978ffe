import { testRandom } from '@tessera/testing'
import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import {
  type AdapterLayout,
  adapterMethods,
  createLayout,
  deltaWeight,
  factorKey,
  leadingBlock,
  sizeOf,
  unflatten,
} from './index.ts'

const SITES = [
  { name: 'a', outDim: 8, inDim: 6 },
  { name: 'b', outDim: 4, inDim: 10 },
]
const layoutWith = (name: string, rank: number): AdapterLayout => {
  const method = unwrap(adapterMethods.byName(name))
  return createLayout(method, method.config.parse({ rank, alpha: rank }), SITES)
}
const drawn = (length: number, seed: number): Float32Array => {
  const values = new Float32Array(length)
  testRandom(seed).fillUniform(values, 1)
  return values
}

/** ΔW of both sites with the same frozen factors everywhere, drawn; W does not matter. */
function changes(layout: AdapterLayout, coordinates: Float32Array): number[] {
  const trained = unflatten(layout, coordinates)
  return layout.sites.flatMap(({ site, adapter }, at) => {
    const factors = adapter.factors.map((factor, index) => {
      const values = trained[factorKey(site.name, factor.name)] ?? drawn(sizeOf(factor), 10 * at + index)
      return [factor.name, values] as const
    })
    const weight = new Float32Array(site.outDim * site.inDim)
    return [...deltaWeight({ site, adapter, weight, factors: Object.fromEntries(factors) })]
  })
}

const largest = (values: readonly number[]) => Math.max(...values.map(Math.abs))

describe('the leading block of a smaller rank', () => {
  it('of a square is its upper left corner, of B its first columns, of A its first rows', () => {
    const corner = leadingBlock(
      layoutWith('lora-sb', 3),
      Float32Array.from({ length: 18 }, (_, at) => at + 1),
      2,
    )
    expect([...corner]).toEqual([1, 2, 0, 4, 5, 0, 0, 0, 0, 10, 11, 0, 13, 14, 0, 0, 0, 0])
    const lora = layoutWith('lora', 2)
    const block = unflatten(lora, leadingBlock(lora, new Float32Array(lora.length).fill(1), 1))
    expect([...block['b.B']]).toEqual([1, 0, 1, 0, 1, 0, 1, 0])
    expect([...block['b.A']]).toEqual([...Array(10).fill(1), ...Array(10).fill(0)])
  })

  it.each(['lora-sb', 'lora-xs', 'svfit', 'loldu', 'train-b-only'])(
    '%s: devices of ranks 1, 2 and 4 average exactly over zero-padded updates',
    (name) => {
      const layout = layoutWith(name, 4)
      const start = drawn(layout.length, 1)
      const clients = [
        { rank: 1, weight: 5 },
        { rank: 2, weight: 1 },
        { rank: 4, weight: 2 },
      ].map(({ rank, weight }) => ({
        weight: weight / 8,
        update: leadingBlock(layout, drawn(layout.length, rank), rank),
      }))
      const moved = (update: Float32Array) =>
        changes(
          layout,
          start.map((value, at) => value + update[at]),
        )
      const mean = new Float32Array(layout.length).map((_, at) =>
        clients.reduce((sum, { weight, update }) => sum + weight * update[at], 0),
      )
      const each = clients.map(({ weight, update }) => moved(update).map((value) => weight * value))
      const ofMean = moved(mean)
      const gap = ofMean.map((value, at) => value - each.reduce((sum, one) => sum + one[at], 0))
      expect(largest(gap)).toBeLessThan(1e-6 * largest(ofMean))
      expect(largest(ofMean)).toBeGreaterThan(0.1)
    },
  )

  it('is refused where a method has no nested ranks, and for a vector of another length', () => {
    const vera = layoutWith('vera', 2)
    expect(() => leadingBlock(vera, new Float32Array(vera.length), 1)).toThrow(
      expect.objectContaining({
        code: 'invalid-config',
        message: expect.stringContaining('factor b has no nested ranks'),
      }),
    )
    expect(() => leadingBlock(vera, new Float32Array(1), 1)).toThrow(
      expect.objectContaining({ code: 'shape-mismatch' }),
    )
  })
})
