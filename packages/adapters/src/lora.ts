import { FedError } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineAdapter, type StartContext } from './adapter-method.ts'
import { requireRank } from './chain.ts'
import { chainAdapter } from './chain-adapter.ts'
import type { Factor, SiteFactors } from './factor.ts'
import { requireProduct } from './required-start.ts'
import { uniform } from './seeded.ts'
import { lowRank } from './site-adapter.ts'

/**
 * LoRA, Hu et al. 2021 (https://arxiv.org/abs/2106.09685): W' = W + (alpha / rank) B A, both factors trained.
 *
 * `zero`: B = 0, and A the right side of the spectrum, or uniform in ±1/√inDim where the initialisation gives none.
 * `product`: B A starts at the spectrum's product (PiSSA, OLoRA, LoRA-GA), and this start, B₀ A₀, is taken away again:
 * ΔW = (alpha / rank)(B A − B₀ A₀). The authors of those take it from the weights; here every base stays pristine.
 */
export const lora = defineAdapter({
  name: 'lora',
  config: z.object({
    rank: z.number().int().positive().default(8).describe('rank r; r (outDim + inDim) numbers a layer'),
    alpha: z.number().positive().default(16).describe('ΔW is scaled by alpha / rank'),
    start: z
      .enum(['zero', 'product'])
      .default('zero')
      .describe('zero: B = 0; product: B A starts at the product of the initialisation, which is subtracted again'),
  }),
  needs: 'spectrum-or-nothing',
  site(site, { rank, alpha, start }) {
    requireRank(site, rank)
    const { outDim, inDim } = site
    const trained: readonly Factor[] = [
      { name: 'B', rows: outDim, cols: rank, train: true, exactness: 'product', nested: 'cols' },
      { name: 'A', rows: rank, cols: inDim, train: true, exactness: 'product', nested: 'rows' },
    ]
    const pair = { left: 'B', right: 'A', scale: alpha / rank }
    if (start === 'zero') return { ...chainAdapter({ scale: alpha / rank, factors: trained }), pair }
    const factors: readonly Factor[] = [
      ...trained,
      { name: 'B0', rows: outDim, cols: rank, train: false },
      { name: 'A0', rows: rank, cols: inDim, train: false },
    ]
    return lowRank({ factors, rank: Math.min(2 * rank, outDim, inDim), pair }, (ops, { B, A, B0, A0 }) => ({
      left: ops.scale(ops.concat([B, ops.scale(B0, -1)], 1), alpha / rank),
      right: ops.concat([A, A0], 0),
    }))
  },
  start: (context, config) =>
    config.start === 'zero' ? zeroStart(context, config.rank) : productStart(context, config),
})

function zeroStart({ site, spectrum, random }: StartContext, rank: number): SiteFactors {
  if (spectrum?.start === 'product') {
    throw new FedError('invalid-config', 'this initialisation gives a product to start from, and B would be zero', {
      fix: 'Set adapter.start to product, or choose another initialisation.',
    })
  }
  const a = { rows: rank, cols: site.inDim }
  const right = spectrum?.vT ?? uniform(a, 1 / Math.sqrt(site.inDim), random)
  return { B: new Float32Array(site.outDim * rank), A: right }
}

/** B₀ A₀ = (rank / alpha) · U diag(s) Vᵀ, the singular values split evenly. */
function productStart(context: StartContext, { rank, alpha }: { rank: number; alpha: number }): SiteFactors {
  const { u, s, vT } = requireProduct(context)
  const root = s.map((value) => Math.sqrt((value * rank) / alpha))
  const B = u.map((value, at) => value * root[at % rank])
  const A = vT.map((value, at) => value * root[Math.floor(at / context.site.inDim)])
  return { B, A, B0: B.slice(), A0: A.slice() }
}
