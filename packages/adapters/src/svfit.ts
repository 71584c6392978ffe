import { fromFloat32, randomizedSvd } from '@tessera/math'
import { z } from 'zod'
import { defineAdapter } from './adapter-method.ts'
import { requireRank } from './chain.ts'
import { requireWeight } from './required-start.ts'
import { lowRank } from './site-adapter.ts'
import { spectrumOf } from './truncate.ts'

/**
 * SVFit, Sun et al. 2024 (https://arxiv.org/abs/2409.05926): W' = U diag(σ + d) Vᵀ + rest, that is ΔW = U diag(d) Vᵀ
 * with U, V the leading singular vectors of W, frozen, and d [r], the shift of the leading singular values, trained
 * from 0.
 */
export const svfit = defineAdapter({
  name: 'svfit',
  config: z.object({
    rank: z.number().int().positive().default(64).describe('number r of leading singular values; r numbers a layer'),
  }),
  needs: 'weight',
  site(site, { rank }) {
    requireRank(site, rank)
    const factors = [
      { name: 'U', rows: site.outDim, cols: rank, train: false },
      { name: 'd', rows: 1, cols: rank, train: true, exactness: 'linear', nested: 'cols' },
      { name: 'V', rows: rank, cols: site.inDim, train: false },
    ] as const
    return lowRank({ factors, rank }, (ops, { U, d, V }) => ({ left: ops.mul(U, d), right: V }))
  },
  start(context, { rank }) {
    const { site, random } = context
    const weight = fromFloat32(site.outDim, site.inDim, requireWeight(context))
    const { u, vT } = spectrumOf(randomizedSvd(weight, { rank, random, powerPasses: 4 }), rank)
    return { U: u, d: new Float32Array(rank), V: vT }
  },
})
