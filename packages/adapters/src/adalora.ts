import { fromFloat32, transpose } from '@tessera/math'
import { z } from 'zod'
import { defineAdapter } from './adapter-method.ts'
import { requireRank } from './chain.ts'
import type { SiteFactors } from './factor.ts'
import { orthonormalityGradient } from './penalty.ts'
import { lowRank } from './site-adapter.ts'

/**
 * AdaLoRA, Zhang et al. 2023 (https://arxiv.org/abs/2303.10512): W' = W + (alpha / rank) P diag(λ) Q, all three
 * trained; a triplet of column, value and row is one rank, and the rank policy `adalora` leaves ranks to the layers
 * that need them. The paper's scale is 1: alpha = rank.
 *
 * λ starts at 0, P and Q bell-shaped with standard deviation 0.02. Training adds γ(‖PᵀP − I‖² + ‖QQᵀ − I‖²) to the loss,
 * equation 4. Where the rank policy leaves a layer fewer ranks, the scale stays.
 */
export const adalora = defineAdapter({
  name: 'adalora',
  config: z.object({
    rank: z
      .number()
      .int()
      .positive()
      .default(8)
      .describe('rank r before round 1; r (outDim + 1 + inDim) numbers a layer'),
    alpha: z.number().positive().default(8).describe('ΔW is scaled by alpha / rank'),
    orthogonality: z.number().nonnegative().default(0.1).describe('γ: how much P and Q are drawn to orthonormal ones'),
  }),
  needs: 'nothing',
  site(site, { rank, alpha, orthogonality }) {
    requireRank(site, rank)
    const { outDim, inDim } = site
    const factors = [
      { name: 'P', rows: outDim, cols: rank, train: true, exactness: 'product', nested: 'cols' },
      { name: 'lambda', rows: 1, cols: rank, train: true, exactness: 'product', nested: 'cols' },
      { name: 'Q', rows: rank, cols: inDim, train: true, exactness: 'product', nested: 'rows' },
    ] as const
    const penalty = ({ P, Q }: SiteFactors): SiteFactors => ({
      P: scaled(orthonormalityGradient(fromFloat32(outDim, rank, P)).data, orthogonality),
      Q: scaled(transpose(orthonormalityGradient(transpose(fromFloat32(rank, inDim, Q)))).data, orthogonality),
    })
    return lowRank({ factors, rank, ...(orthogonality > 0 && { penalty }) }, (ops, { P, lambda, Q }) => ({
      left: ops.mul(P, ops.scale(lambda, alpha / rank)),
      right: Q,
    }))
  },
  start({ site, random }, { rank }) {
    const small = (length: number): Float32Array => new Float32Array(length).map(() => 0.02 * random.bell())
    return { P: small(site.outDim * rank), lambda: new Float32Array(rank), Q: small(rank * site.inDim) }
  },
})

const scaled = (values: Float64Array, by: number): Float32Array => Float32Array.from(values, (value) => by * value)
