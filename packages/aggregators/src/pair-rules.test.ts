import { uniformGrid } from '@tessera/math'
import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { type Aggregator, type FoldContext, factorMean, fedexLora, flexlora, flora } from './index.ts'

/** B [2, 1] and A [1, 2], s = 2: received B = (0, 0)ᵀ and A = (1, 0), a fresh start has A = (0, 1). */
const CONTEXT: FoldContext = {
  pairs: [{ site: 's', B: { offset: 0, rows: 2, cols: 1 }, A: { offset: 2, rows: 1, cols: 2 }, scale: 2 }],
  lines: [],
  received: Float32Array.of(0, 0, 1, 0),
  restart: Float32Array.of(0, 0, 0, 1),
}

/**
 * Weight 1 trains B = (4, 0)ᵀ, A = (1, 0), weight 3 trains B = (0, 4)ᵀ, A = (0, 1): with shares 1/4 and 3/4
 * Σ p B A = diag(1, 3), while B̄ Ā = (1, 3)ᵀ (1/4, 3/4).
 */
function twoClients(rule: Aggregator) {
  const fold = rule.begin(uniformGrid(4, -20, 8), {}, CONTEXT)
  unwrap(fold.add(Float32Array.of(4, 0, 0, 0), 1))
  unwrap(fold.add(Float32Array.of(0, 4, -1, 1), 3))
  return fold
}

const MEAN_UPDATE = Float32Array.of(1, 3, -0.75, 0.75)

describe('rules for factor pairs, two clients worked by hand', () => {
  it('factor-mean averages B and A, and leaves nothing', () => {
    const fold = twoClients(factorMean)
    expect(fold.finish()).toEqual(MEAN_UPDATE)
    expect(fold.rest?.()).toBeUndefined()
  })

  it('fedex-lora averages B and A, and leaves 2 diag(1, 3) − 2 B̄ Ā = [[1.5, −1.5], [−1.5, 1.5]]', () => {
    const fold = twoClients(fedexLora)
    expect(fold.finish()).toEqual(MEAN_UPDATE)
    const left = Float32Array.of(0, 2, -2, 6, 0, -6) // columns 3/4 · 2 · (0, 4), 1/4 · 2 · (4, 0), −2 · (1, 3)
    const right = Float32Array.of(0, 1, 1, 0, 0.25, 0.75)
    expect(fold.rest?.()).toEqual([{ site: 's', rank: 3, left, right }])
  })

  it('flora leaves all of 2 diag(1, 3), and starts anew', () => {
    const fold = twoClients(flora)
    expect(fold.finish()).toEqual(Float32Array.of(0, 0, -1, 1))
    const left = Float32Array.of(0, 2, 6, 0)
    expect(fold.rest?.()).toEqual([{ site: 's', rank: 2, left, right: Float32Array.of(0, 1, 1, 0) }])
  })

  it('flora takes the product that a fresh start brings away from the rest', () => {
    const restart = Float32Array.of(1, 0, 0, 1) // 2 B A = [[0, 2], [0, 0]]
    const fold = flora.begin(uniformGrid(4, -20, 8), {}, { ...CONTEXT, restart })
    unwrap(fold.add(Float32Array.of(4, 0, 0, 0), 1))
    expect(fold.finish()).toEqual(Float32Array.of(1, 0, -1, 1))
    const right = Float32Array.of(1, 0, 0, 1)
    expect(fold.rest?.()).toEqual([{ site: 's', rank: 2, left: Float32Array.of(8, -2, 0, -0), right }])
  })

  it('flexlora keeps the singular value 3 of diag(1, 3), and tells that √(1 / 10) of it is lost', () => {
    const fold = twoClients(flexlora)
    const [b0, b1, a0, a1] = fold.finish()
    expect([b1, a0, a1]).toEqual([3, -1, 1]) // A moves from (1, 0) to (0, 1)
    expect(b0).toBeCloseTo(0, 12)
    expect(fold.measures?.()).toEqual({ 'truncation-error': Math.sqrt(0.1) })
  })

  it.each([
    ['one rank', [1, 1, 2, 2, 0, 0, 0, 0]],
    ['none', [0, 0, 0, 0, 0, 0, 0, 0]],
  ])('flexlora leaves two rows of norm 1 in A where the mean has %s, so both can be trained on', (_ranks, update) => {
    const pair = { site: 's', B: { offset: 0, rows: 2, cols: 2 }, A: { offset: 4, rows: 2, cols: 2 }, scale: 2 }
    const received = Float32Array.of(0, 0, 0, 0, 1, 0, 0, 1) // A = I
    const fold = flexlora.begin(uniformGrid(8, -20, 8), {}, { ...CONTEXT, pairs: [pair], received, restart: received })
    unwrap(fold.add(Float32Array.from(update), 1))
    const [a0, a1, a2, a3] = fold.finish().subarray(4)
    expect(Math.hypot(1 + a0, a1)).toBeCloseTo(1, 6)
    expect(Math.hypot(a2, 1 + a3)).toBeCloseTo(1, 6)
  })

  it('counts what is added after a result', () => {
    const fold = twoClients(fedexLora)
    fold.finish()
    unwrap(fold.add(Float32Array.of(0, 0, 0, 0), 4))
    expect(fold.finish()).toEqual(MEAN_UPDATE.map((value) => value / 2))
  })
})
