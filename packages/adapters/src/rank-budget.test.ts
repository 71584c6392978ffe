import { describe, expect, it } from 'vitest'
import { bestRanks, firstRanks, keptRanks } from './rank-budget.ts'
import type { Spectrum } from './spectrum.ts'

const worth = (...s: number[]): Spectrum => ({
  u: new Float32Array(),
  s: Float32Array.from(s),
  vT: new Float32Array(s.length),
  start: 'right',
})

describe('a budget of ranks', () => {
  it('goes to the directions that explain most: four ranks of two layers', () => {
    expect(keptRanks({ a: worth(0.5, 0.3, 0.1, 0.1), b: worth(0.9, 0.05, 0.03, 0.02) }, 2)).toEqual({ a: 3, b: 1 })
  })

  it('can leave a layer with none, and gives equal ones to the first layer', () => {
    expect(keptRanks({ a: worth(0.1, 0.1), b: worth(0.4, 0.3) }, 1)).toEqual({ a: 0, b: 2 })
    expect(keptRanks({ a: worth(0.5, 0.4), b: worth(0.5, 0.4) }, 1)).toEqual({ a: 1, b: 1 })
  })

  it('spends all there is and no more', () => {
    const kept = keptRanks({ a: worth(0.9, 0.8, 0.7), b: worth(0.6, 0.5, 0.4), c: worth(0.3, 0.2, 0.1) }, 2)
    expect(kept).toEqual({ a: 3, b: 3, c: 0 })
  })

  it('names the best ranks, the largest share first', () => {
    const shares = { a: [0.1, 0.5, 0.3], b: [0.2, 0.4], c: [0] }
    expect(bestRanks(shares, 4)).toEqual({ a: [1, 2], b: [1, 0], c: [] })
  })

  it('cuts a spectrum to its first ranks', () => {
    const spectrum: Spectrum = {
      u: Float32Array.of(1, 2, 3, 4, 5, 6), // [2, 3]
      s: Float32Array.of(9, 8, 7),
      vT: Float32Array.of(1, 2, 3), // [3, 1]
      start: 'zero',
    }
    expect(firstRanks(spectrum, 2)).toEqual({
      u: Float32Array.of(1, 2, 4, 5),
      s: Float32Array.of(9, 8),
      vT: Float32Array.of(1, 2),
      start: 'zero',
    })
    expect(firstRanks(worth(0.5, 0.4), 1).u).toHaveLength(0)
  })
})
