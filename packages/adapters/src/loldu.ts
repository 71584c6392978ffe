import { fromFloat32, lu, toFloat32 } from '@tessera/math'
import { z } from 'zod'
import { defineAdapter } from './adapter-method.ts'
import { requireRank } from './chain.ts'
import type { Factor } from './factor.ts'
import { requireWeight } from './required-start.ts'
import { lowRank } from './site-adapter.ts'

/**
 * LoLDU, Shi et al. 2024 (https://arxiv.org/abs/2410.13618): W = P L D U; the first r columns of P L and rows of U are
 * frozen, and the r entries of D are trained: ΔW = σ · L diag(z) U − L diag(z₀) U with z₀ the diagonal of W and σ = 1.
 *
 * The authors' code can train σ as well, which multiplies z, so the mean of the two is not exact.
 */
export const loldu = defineAdapter({
  name: 'loldu',
  config: z.object({
    rank: z.number().int().positive().default(64).describe('number r of diagonal entries; r numbers a layer'),
    trainScale: z.boolean().default(false).describe('train the scale σ too; averages are then not exact'),
  }),
  needs: 'weight',
  site(site, { rank, trainScale }) {
    requireRank(site, rank)
    const scale: Factor = trainScale
      ? { name: 'scale', rows: 1, cols: 1, train: true, exactness: 'linear-if-frozen(z)' }
      : { name: 'scale', rows: 1, cols: 1, train: false, derive: () => Float32Array.of(1) }
    const exactness = trainScale ? 'linear-if-frozen(scale)' : 'linear'
    const factors: Factor[] = [
      { name: 'L', rows: site.outDim, cols: rank, train: false },
      { name: 'z', rows: 1, cols: rank, train: true, exactness, nested: 'cols' },
      { name: 'z0', rows: 1, cols: rank, train: false },
      { name: 'U', rows: rank, cols: site.inDim, train: false },
      scale,
    ]
    return lowRank({ factors, rank }, (ops, at) => ({
      left: ops.mul(at.L, ops.sub(ops.mul(at.z, at.scale), at.z0)),
      right: at.U,
    }))
  },
  start(context, { rank, trainScale }) {
    const { outDim, inDim } = context.site
    const { l, u } = lu(fromFloat32(outDim, inDim, requireWeight(context)), rank)
    const rows = toFloat32(u)
    const diagonal = Float32Array.from({ length: rank }, (_, i) => rows[i * inDim + i])
    // a pivot of 0 has no unit row: the row stays as it is, with 0 for its entry of D
    const unit = rows.map((value, at) => value / (diagonal[Math.floor(at / inDim)] || 1))
    const start = { L: toFloat32(l), z: diagonal, z0: diagonal.slice(), U: unit }
    return trainScale ? { ...start, scale: Float32Array.of(1) } : start
  },
})
