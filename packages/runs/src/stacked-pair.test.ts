import type { BaseChange } from '@tessera/federation'
import type { Site } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { stackedPair } from './stacked-pair.ts'

const SITE: Site = { name: 'q_proj', outDim: 4, inDim: 4 }
/** Column (1, 0, 0, 0)ᵀ times row (0, 2, 0, 0). */
const PAIR = { rank: 1, b: Float32Array.of(1, 0, 0, 0), a: Float32Array.of(0, 2, 0, 0), largest: 2, difference: 1e-9 }
/** Column (0, 0, 3, 0)ᵀ times row (1, 0, 0, 1). */
const CHANGE: BaseChange = {
  site: 'q_proj',
  rank: 1,
  left: Float32Array.of(0, 0, 3, 0),
  right: Float32Array.of(1, 0, 0, 1),
}

describe('an adapter with what its run has added to the base weights', () => {
  it('is one pair of both ranks: [b left] and [a; right]', () => {
    expect(stackedPair(SITE, PAIR, [CHANGE])).toEqual({
      rank: 2,
      b: Float32Array.of(1, 0, 0, 0, 0, 3, 0, 0),
      a: Float32Array.of(0, 2, 0, 0, 1, 0, 0, 1),
      largest: 3,
      difference: 1e-9,
    })
  })

  it('is the adapter alone where nothing was added', () => {
    expect(stackedPair(SITE, PAIR, [{ ...CHANGE, site: 'k_proj' }])).toBe(PAIR)
  })

  it('has no LoRA form where the ranks add up to more than half of those that the layer has', () => {
    const wide = { ...CHANGE, rank: 2, left: new Float32Array(8), right: new Float32Array(8) }
    expect(() => stackedPair(SITE, PAIR, [wide])).toThrow(
      expect.objectContaining({ code: 'not-exportable', fix: 'Export merged weights instead.' }),
    )
  })
})
