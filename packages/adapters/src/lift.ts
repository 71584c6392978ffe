import { fromFloat32, matrix, multiplyRightTransposed, type RandomStream, randomizedSvd } from '@tessera/math'
import type { Site } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineAdapter } from './adapter-method.ts'
import { requireRank } from './chain.ts'
import { positionsOf, sparseAdapter, sparseCount } from './sparse.ts'

/**
 * LIFT, Liu et al. 2025 (https://arxiv.org/abs/2506.00772): W' = W + S, the values of S trained from 0 at the principal
 * weights, the entries that are largest by magnitude after W is approximated in rank r.
 *
 * The mask follows from the base weights, so every party derives it and nobody sends it. It stays as it is for the whole
 * run: the authors refresh it every few hundred steps, which would change what averages mean between rounds.
 */
export const lift = defineAdapter({
  name: 'lift',
  config: z.object({
    rank: z
      .number()
      .int()
      .positive()
      .default(32)
      .describe('rank r of the approximation that finds the principal weights'),
    density: z.number().positive().max(1).default(0.05).describe('part of the entries of a layer that is trained'),
  }),
  needs: 'nothing',
  site(site, { rank, density }) {
    requireRank(site, rank)
    const count = sparseCount(site, density)
    return sparseAdapter(site, count, ({ site: random, weight }) =>
      positionsOf(principalWeights(weight(), { site, rank, count, random }), site),
    )
  },
  start: ({ site }, { density }) => ({ v: new Float32Array(sparseCount(site, density)) }),
})

interface Choice {
  readonly site: Site
  readonly rank: number
  readonly count: number
  readonly random: RandomStream
}

/** Row-major indices, ascending; of equal magnitudes the first counts more. */
function principalWeights(weight: Float32Array, { site, rank, count, random }: Choice): number[] {
  const { u, s, v } = randomizedSvd(fromFloat32(site.outDim, site.inDim, weight), { rank, random, powerPasses: 4 })
  const scaled = matrix(
    u.rows,
    u.cols,
    u.data.map((value, at) => value * s[at % u.cols]),
  )
  const magnitudes = multiplyRightTransposed(scaled, v).data.map(Math.abs)
  const order = Uint32Array.from(magnitudes.keys()).sort((a, b) => magnitudes[b] - magnitudes[a] || a - b)
  return [...order.subarray(0, count).sort()]
}
