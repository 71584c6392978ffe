import { writeSafetensors } from '@tessera/models'
import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { addBaseChanges, type BaseChange, changedWeight, decodeBaseChanges, encodeBaseChanges } from './base-change.ts'

const SITES = [
  { name: 'a', outDim: 2, inDim: 3 },
  { name: 'b', outDim: 3, inDim: 2 },
]
/** Column (1, 2)ᵀ times row (1, 0, 4): [[1, 0, 4], [2, 0, 8]]. */
const ONE: BaseChange = { site: 'a', rank: 1, left: Float32Array.of(1, 2), right: Float32Array.of(1, 0, 4) }
/** Column (0, 1)ᵀ times row (3, 1, 0): [[0, 0, 0], [3, 1, 0]]. */
const OTHER: BaseChange = { site: 'a', rank: 1, left: Float32Array.of(0, 1), right: Float32Array.of(3, 1, 0) }
const AT_B: BaseChange = { site: 'b', rank: 1, left: Float32Array.of(1, 1, 1), right: Float32Array.of(2, 3) }

describe('changes of the base weights', () => {
  it('are put side by side: [1 0; 2 1] [1 0 4; 3 1 0]', () => {
    const sum = addBaseChanges([ONE], [OTHER], SITES)
    const [left, right] = [Float32Array.of(1, 0, 2, 1), Float32Array.of(1, 0, 4, 3, 1, 0)]
    expect(sum).toEqual([{ site: 'a', rank: 2, left, right }])
    expect(changedWeight(SITES[0]!, Float32Array.of(0, 0, 0, 1, 1, 1), sum)).toEqual(Float32Array.of(1, 0, 4, 6, 2, 9))
  })

  it('take no more columns than the layer has ranks: the product and an identity, on the side that is shorter', () => {
    const three = addBaseChanges([ONE, AT_B], [OTHER, ONE, AT_B, AT_B], SITES)
    expect(three).toEqual([
      { site: 'a', rank: 2, left: Float32Array.of(1, 0, 0, 1), right: Float32Array.of(2, 0, 8, 7, 1, 16) },
      { site: 'b', rank: 2, left: Float32Array.of(6, 9, 6, 9, 6, 9), right: Float32Array.of(1, 0, 0, 1) },
    ])
  })

  it('leave a weight as it is where nothing was added', () => {
    const weight = Float32Array.of(1, 2, 3, 4, 5, 6)
    expect(changedWeight(SITES[1]!, weight, [ONE])).toBe(weight)
  })

  it('are the same again when they are read', () => {
    const changes = [...addBaseChanges([ONE], [OTHER], SITES), AT_B]
    expect(unwrap(decodeBaseChanges(encodeBaseChanges(changes), SITES))).toEqual(changes)
  })

  it.each([
    ['another layer', { 'c.left': [2, 1], 'c.right': [1, 3] }],
    ['sides that do not meet', { 'a.left': [2, 1], 'a.right': [2, 3] }],
    ['another shape', { 'a.left': [3, 1], 'a.right': [1, 3] }],
    ['one side only', { 'a.left': [2, 1] }],
  ])('are refused for %s', (_, shapes: Record<string, number[]>) => {
    const tensors = Object.entries(shapes).map(([name, shape]) => {
      return [name, { dtype: 'F32', shape, data: new Float32Array(shape[0]! * shape[1]!) }] as const
    })
    const decoded = decodeBaseChanges(writeSafetensors(Object.fromEntries(tensors)), SITES)
    expect(decoded.ok ? null : decoded.error.code).toBe('shape-mismatch')
  })

  it('are refused when they are cut off', () => {
    const decoded = decodeBaseChanges(encodeBaseChanges([ONE]).subarray(0, 40), SITES)
    expect(decoded.ok ? null : decoded.error.code).toBe('corrupt-safetensors')
  })
})
