import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { type AdapterLayout, adapterMethods, createLayout, leadingBlock, unflatten } from './index.ts'

const SITES = [
  { name: 'a', outDim: 8, inDim: 6 },
  { name: 'b', outDim: 4, inDim: 10 },
]
const layoutWith = (name: string, rank: number): AdapterLayout => {
  const method = unwrap(adapterMethods.byName(name))
  return createLayout(method, method.config.parse({ rank, alpha: rank }), SITES)
}
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
