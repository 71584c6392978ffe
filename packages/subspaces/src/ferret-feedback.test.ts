import { innerVector, quadraticWork, symmetricDraw } from '@tessera/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ferret } from './ferret.ts'
import type { Frame } from './subspace.ts'

const frame = ferret.frame as Frame

/** One matrix, and so one block, of d parameters. */
const D = 120
const matrices = [{ name: 'a.D', offset: 0, rows: 12, cols: 10, changesWeight: true }]

const norm = (values: Float32Array): number => Math.hypot(...values)
const plus = (a: Float32Array, b: Float32Array, scale = 1) => a.map((value, at) => value + scale * b[at]!)

/**
 * Rounds of a client that finds the same change Δ in all of them: what their numbers have added up to, and what is left.
 *
 * @param feedsBack p = Δ + e, e ← p − V γ; otherwise p = Δ.
 */
async function rounds(change: Float32Array, run: { seed: number; count: number; k: number; feedsBack: boolean }) {
  const config = ferret.config.parse({ coordinates: run.k, shrink: true, errorFeedback: run.feedsBack }) as never
  let [total, left] = [new Float32Array(D), new Float32Array(D)]
  for (let round = 1; round <= run.count; round++) {
    const directions = frame.directions(config, { inner: { ...innerVector(run.seed), matrices }, round, history: [] })
    const sum = run.feedsBack ? plus(change, left) : change
    const { coefficients } = await directions.search(quadraticWork(sum))
    const said = new Float32Array(D)
    directions.addInto(said, coefficients)
    total = plus(total, said)
    left = plus(sum, said, -1)
  }
  return { total, left }
}

describe('a ferret that feeds back', () => {
  it('has d/(K+d) of ‖p‖² left, also when p is what earlier rounds have left: 0.8 Δ² at first, then 2.72, 5.28, 8.15', async () => {
    // by E e = α Δ, E‖e‖² = s ‖Δ‖² and q = d/(K+d) = 120/150: α ← q (1 + α), s ← q (1 + 2 α + s), from 0
    const change = symmetricDraw(D, 5)
    for (const [count, expected] of [0.8, 2.72, 5.28, 8.1472].map((s, at) => [at + 1, s] as const)) {
      const lefts = await Promise.all(
        Array.from({ length: 400 }, (_, seed) => rounds(change, { seed, count, k: 30, feedsBack: true })),
      )
      const mean = lefts.reduce((sum, { left }) => sum + norm(left) ** 2, 0) / lefts.length
      expect(mean / norm(change) ** 2 / expected).toBeCloseTo(1, 1)
    }
  })

  it('says all of a change in the end, where shrink alone says K/(K+d) of it', async () => {
    const [count, k] = [60, 60]
    const seeds = fc.record({ seed: fc.integer({ min: 0, max: 2 ** 31 }), drawn: fc.integer({ min: 1, max: 2 ** 31 }) })
    const says = async ({ seed, drawn }: { seed: number; drawn: number }) => {
      const change = symmetricDraw(D, drawn)
      const parts = async (feedsBack: boolean) => {
        const { total } = await rounds(change, { seed, count, k, feedsBack })
        const along = total.reduce((sum, value, at) => sum + value * change[at]!, 0) / norm(change) ** 2
        return { along: along / count, off: norm(plus(total, change, -count)) / (count * norm(change)) }
      }
      const [fed, unfed] = [await parts(true), await parts(false)]
      // α → d/K = 2 and s → 2 (d/K)² + d/K = 10: after 60 rounds √10 / 60 = 0.053 are left to say
      expect(fed.off).toBeLessThan(0.15)
      expect(Math.abs(fed.along - 1)).toBeLessThan(0.1)
      expect(Math.abs(unfed.along - 60 / 180)).toBeLessThan(0.05)
      expect(unfed.off).toBeGreaterThan(0.6)
    }
    await fc.assert(fc.asyncProperty(seeds, says), { numRuns: 20 })
  })

  it.each([
    [{ errorFeedback: true }, 'would grow without end'],
    [{ errorFeedback: true, shrink: true }, null],
    [{ shrink: true }, null],
  ])('needs the shrink: %o', (options, sentence) => {
    const shape = () => frame.shape(ferret.config.parse({ coordinates: 30, ...options }) as never, innerVector())
    if (sentence === null) expect(shape).not.toThrow()
    else
      expect(shape).toThrow(
        expect.objectContaining({
          code: 'invalid-config',
          message: expect.stringContaining(sentence),
          fix: expect.stringContaining('Set subspace.shrink to true'),
        }),
      )
  })
})
