import { describe, expect, it } from 'vitest'
import { chainAdapter, deltaWeight, merge, unmerge } from './index.ts'

const adapter = chainAdapter({
  scale: 2,
  factors: [
    { name: 'B', rows: 2, cols: 1, train: false },
    { name: 'R', rows: 1, cols: 1, train: true, exactness: 'linear' },
    { name: 'A', rows: 1, cols: 3, train: false },
  ],
})
const site = { name: 'layer', outDim: 2, inDim: 3 }
const weight = Float32Array.of(7, 0, 1, 2, -3, 5)
const factors = { B: Float32Array.of(1, -1), R: Float32Array.of(3), A: Float32Array.of(1, 0, 0.5) }

describe('deltaWeight', () => {
  it('is scale · B R A, worked by hand', () => {
    expect(Array.from(deltaWeight({ site, adapter, weight, factors }))).toEqual([6, 0, 3, -6, 0, -3])
  })

  it('refuses a factor or a weight of another size', () => {
    const mismatch = expect.objectContaining({ code: 'shape-mismatch' })
    const short = { ...factors, A: Float32Array.of(1, 0) }
    expect(() => deltaWeight({ site, adapter, weight, factors: short })).toThrow(mismatch)
    expect(() => deltaWeight({ site, adapter, weight: weight.subarray(1), factors })).toThrow(mismatch)
  })
})

describe('merge and unmerge', () => {
  it('add and take away, and leave their inputs as they are', () => {
    const pair = Float32Array.of(1, 2)
    expect(merge(pair, Float32Array.of(0.5, -2))).toEqual(Float32Array.of(1.5, 0))
    expect(unmerge(pair, Float32Array.of(0.5, -2))).toEqual(Float32Array.of(0.5, 4))
    expect(pair).toEqual(Float32Array.of(1, 2))
  })

  it('refuse a change of another size', () => {
    const mismatch = expect.objectContaining({ code: 'shape-mismatch' })
    expect(() => merge(Float32Array.of(1, 2), Float32Array.of(1))).toThrow(mismatch)
    expect(() => unmerge(Float32Array.of(1, 2), Float32Array.of(1))).toThrow(mismatch)
  })
})
