import type { Site } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineAdapter } from './adapter-method.ts'
import { requireRank } from './chain.ts'
import { sharedColumns, sharedRows } from './seeded.ts'
import { lowRank } from './site-adapter.ts'
import { activeSides, sideFactors, sideStart, trainedSides } from './two-sides.ts'

const names = { left: 'lambda', right: 'gamma' }

/** The smaller and the larger side of a layer, and the number of bases that give ΔW full rank. */
function dimensions({ outDim, inDim }: Site, rank: number) {
  const [small, large] = [Math.min(outDim, inDim), Math.max(outDim, inDim)]
  return { small, large, bases: Math.ceil(small / rank) }
}

function sides(site: Site, rank: number) {
  const { small, bases } = dimensions(site, rank)
  const initial = 1 / Math.max(bases, small)
  return {
    left: { name: 'lambda', rows: rank, cols: bases, derive: () => new Float32Array(rank * bases).fill(1) },
    right: { name: 'gamma', rows: bases, cols: small, derive: () => new Float32Array(bases * small).fill(initial) },
  }
}

/**
 * RandLoRA, Albert et al. 2025 (https://arxiv.org/abs/2502.00987): W' = W + (alpha / rank) Σⱼ Bⱼ diag(λⱼ) A diag(γⱼ)
 * over n = ⌈min(outDim, inDim) / rank⌉ random bases, of full rank; the diagonals λ [r, n] and γ [n, min] are trained.
 *
 * As in the authors' code A lies on the smaller side of the layer, λ = 0 and γ = 1 / max(γ's shape). The bases are
 * uniform of variance 1, drawn from the run's seed for all layers alike; basis j is columns j, n + j, … of B [max, r n].
 */
export const randlora = defineAdapter({
  name: 'randlora',
  config: z.object({
    rank: z.number().int().positive().default(32).describe('rank r of each basis; n (r + min(outDim, inDim)) numbers'),
    alpha: z.number().positive().default(640).describe('ΔW is scaled by alpha / rank'),
    trains: trainedSides('lambda', 'gamma'),
  }),
  needs: 'nothing',
  site(site, { rank, alpha, trains }) {
    requireRank(site, rank)
    const { small, large, bases } = dimensions(site, rank)
    const factors = [
      ...sideFactors(trains, sides(site, rank)),
      sharedRows({ name: 'B', rows: large, cols: rank * bases }, Math.sqrt(3)),
      sharedColumns({ name: 'A', rows: rank, cols: small }, Math.sqrt(3)),
    ]
    return lowRank({ factors, rank: small }, (ops, { lambda, gamma, B, A }) => {
      const scaled = ops.mul(ops.reshape(A, [rank, 1, small]), ops.reshape(lambda, [rank, bases, 1]))
      const stacked = ops.reshape(ops.mul(scaled, ops.reshape(gamma, [1, bases, small])), [rank * bases, small])
      const narrow = ops.scale(stacked, alpha / rank)
      if (small === site.inDim) return { left: B, right: narrow }
      return { left: ops.transpose(narrow, [1, 0]), right: ops.transpose(B, [1, 0]) }
    })
  },
  start({ site }, { rank, trains }) {
    const both = sides(site, rank)
    return sideStart(trains, both, both.right.derive)
  },
  active: (place, { trains }) => activeSides(trains, place, names),
})
