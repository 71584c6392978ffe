import { z } from 'zod'
import { defineAdapter } from './adapter-method.ts'
import { requireRank } from './chain.ts'
import type { Factor } from './factor.ts'
import { seededFactor } from './seeded.ts'
import { lowRank } from './site-adapter.ts'
import { activeSides, sideFactors, sideStart, trainedSides, trainsSide } from './two-sides.ts'

const names = { left: 'mixB', right: 'mixA' }

const sides = (bases: number) => {
  const derive = () => new Float32Array(bases)
  return {
    left: { name: 'mixB', rows: 1, cols: bases, derive },
    right: { name: 'mixA', rows: 1, cols: bases, derive },
  }
}

/**
 * NOLA, Koohpayegani et al. 2023 (https://arxiv.org/abs/2310.02556): LoRA whose factors are mixtures of seeded random
 * matrices, W' = W + (alpha / rank) B A with B = B₀ + Σⱼ βⱼ Bⱼ and A = A₀ + Σᵢ αᵢ Aᵢ, and only the mixtures β (mixB)
 * and α (mixA) trained, from 0.
 *
 * So the number of trained values depends on neither rank nor width. Bases are uniform in ±1/√bases; the side that must
 * not be zero, or ΔW would have no gradient, has an offset uniform in ±1/√columns, the other side's is 0.
 */
export const nola = defineAdapter({
  name: 'nola',
  config: z.object({
    rank: z.number().int().positive().default(8).describe('rank r of B and A'),
    bases: z
      .number()
      .int()
      .positive()
      .default(64)
      .describe('random matrices in each mixture; 2 · bases numbers a layer'),
    alpha: z.number().positive().default(16).describe('ΔW is scaled by alpha / rank'),
    trains: trainedSides('mixB', 'mixA'),
  }),
  needs: 'nothing',
  site(site, { rank, bases, alpha, trains }) {
    requireRank(site, rank)
    const { outDim, inDim } = site
    const fromRight = trainsSide(trains, 'left')
    const offset: Factor = fromRight
      ? seededFactor({ name: 'A0', rows: rank, cols: inDim }, 1 / Math.sqrt(inDim))
      : seededFactor({ name: 'B0', rows: outDim, cols: rank }, 1 / Math.sqrt(rank))
    const factors: Factor[] = [
      ...sideFactors(trains, sides(bases)),
      seededFactor({ name: 'basesB', rows: bases, cols: outDim * rank }, 1 / Math.sqrt(bases)),
      seededFactor({ name: 'basesA', rows: bases, cols: rank * inDim }, 1 / Math.sqrt(bases)),
      offset,
    ]
    return lowRank({ factors, rank }, (ops, { mixB, mixA, basesB, basesA, A0, B0 }) => {
      const b = ops.reshape(ops.matMul(mixB, basesB), [outDim, rank])
      const a = ops.reshape(ops.matMul(mixA, basesA), [rank, inDim])
      return {
        left: ops.scale(fromRight ? b : ops.add(B0, b), alpha / rank),
        right: fromRight ? ops.add(A0, a) : a,
      }
    })
  },
  start(_context, { bases, trains }) {
    const both = sides(bases)
    return sideStart(trains, both, both.right.derive)
  },
  active: (place, { trains }) => activeSides(trains, place, names),
})
