import { z } from 'zod'
import { defineAdapter } from './adapter-method.ts'
import { requireRank } from './chain.ts'
import { chainAdapter } from './chain-adapter.ts'
import { seededFactor } from './seeded.ts'

/**
 * LoRA with A frozen at random numbers, Zhu et al. 2024 (https://arxiv.org/abs/2402.16842): W' = W + (alpha / rank)
 * B A, and only B [outDim, r] trained, from 0. A is drawn from the run's seed and never sent. In federated learning
 * this is FFA-LoRA: Sun et al. 2024 (https://arxiv.org/abs/2403.12313).
 */
export const trainBOnly = defineAdapter({
  name: 'train-b-only',
  config: z.object({
    rank: z.number().int().positive().default(8).describe('rank r; r · outDim numbers a layer'),
    alpha: z.number().positive().default(16).describe('ΔW is scaled by alpha / rank'),
  }),
  needs: 'nothing',
  site(site, { rank, alpha }) {
    requireRank(site, rank)
    return chainAdapter({
      scale: alpha / rank,
      factors: [
        { name: 'B', rows: site.outDim, cols: rank, train: true, exactness: 'linear', nested: 'cols' },
        seededFactor({ name: 'A', rows: rank, cols: site.inDim }, 1 / Math.sqrt(site.inDim)),
      ],
    })
  },
  start: ({ site }, { rank }) => ({ B: new Float32Array(site.outDim * rank) }),
})
