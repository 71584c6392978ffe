import { matrix, randomizedSvd } from '@tessera/math'
import type { Site } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineAdapter, type StartContext } from './adapter-method.ts'
import { requireRank } from './chain.ts'
import type { Factor, SiteFactors } from './factor.ts'
import { float64Ops, float64Tensor } from './float64-ops.ts'
import { requireWeight } from './required-start.ts'
import { seededFactor, uniform } from './seeded.ts'
import { reweighted } from './site-adapter.ts'
import type { TensorOps } from './tensor-ops.ts'
import { spectrumOf } from './truncate.ts'
import { activeSides, type Side, type SideFactor, sideFactors, sideStart, trainedSides } from './two-sides.ts'

const names = { left: 'L', right: 'K' }

/** The divisor of a side that is nearest to its square root from below. */
function divisor(side: number): number {
  let best = Math.floor(Math.sqrt(side))
  while (side % best !== 0) best--
  return best
}

/** W [p q, m n] as Kronecker blocks: left factors [p, m], right ones [q, n]. */
function blocksOf({ outDim, inDim }: Site) {
  const [p, m] = [divisor(outDim), divisor(inDim)]
  return { p, m, q: outDim / p, n: inDim / m }
}

type Blocks = ReturnType<typeof blocksOf>

/** Σ Lₖ ⊗ Kₖ for L [p m, r] and K [r, q n]: their product holds the same numbers, block by block. */
function kronecker<T>(ops: TensorOps<T>, { p, m, q, n }: Blocks, [left, right]: readonly [T, T]): T {
  const blocks = ops.reshape(ops.matMul(left, right), [p, m, q, n])
  return ops.reshape(ops.transpose(blocks, [0, 2, 1, 3]), [p * q, m * n])
}

/** An untrained side is sent where it comes from the weights, else uniform in ±1/√columns. */
function sidesOf({ p, m, q, n }: Blocks, rank: number, start: 'weights' | 'zero'): Record<Side, SideFactor> {
  const left = { name: 'L', rows: p * m, cols: rank }
  const right = { name: 'K', rows: rank, cols: q * n }
  if (start === 'weights') return { left, right }
  return { left: seededFactor(left, 1 / Math.sqrt(rank)), right: seededFactor(right, 1 / Math.sqrt(q * n)) }
}

/**
 * SoKA, Chong et al. 2025 (https://arxiv.org/abs/2506.15251): W' = W + Σₖ (Lₖ ⊗ Kₖ − L⁰ₖ ⊗ K⁰ₖ) over `rank` Kronecker
 * products, of which L [p m, r] and K [r, q n] hold the factors; outDim = p q and inDim = m n, p and m the divisors
 * below the square roots.
 *
 * `weights`: L⁰, K⁰ from the Kronecker-product SVD of W (Van Loan and Pitsianis 1993), the ordinary SVD of W with its
 * blocks as rows. `zero`: the trained side at 0, the other one random. The paper's choice of rank is left to the run.
 */
export const soka = defineAdapter({
  name: 'soka',
  config: z.object({
    rank: z
      .number()
      .int()
      .positive()
      .default(8)
      .describe('number r of Kronecker products; r (p m + q n) numbers a layer'),
    start: z
      .enum(['weights', 'zero'])
      .default('weights')
      .describe('weights: Kronecker-product SVD of W; zero: L or K = 0'),
    trains: trainedSides('L', 'K'),
  }),
  needs: 'weight',
  site(site, { rank, start, trains }) {
    const blocks = blocksOf(site)
    const { p, m, q, n } = blocks
    requireRank(site, rank, Math.min(p * m, q * n))
    const both = sidesOf(blocks, rank, start)
    const trained = sideFactors(trains, both)
    const ofDelta = { factors: trained, rank: Math.min(site.outDim, site.inDim) }
    if (start === 'zero') {
      return reweighted(ofDelta, (ops, { weight, factors: { L, K } }) =>
        ops.add(weight, kronecker(ops, blocks, [L, K])),
      )
    }
    const frozen = [both.left, both.right].map((side): Factor => ({ ...side, name: `${side.name}0`, train: false }))
    return reweighted(
      { ...ofDelta, factors: [...trained, ...frozen] },
      (ops, { weight, factors: { L, K, L0, K0 } }) => {
        const pair = [ops.concat([L, ops.scale(L0, -1)], 1), ops.concat([K, K0], 0)] as const
        return ops.add(weight, kronecker(ops, blocks, pair))
      },
    )
  },
  start(context, { rank, start, trains }) {
    const blocks = blocksOf(context.site)
    if (start === 'weights') return kroneckerSvd(context, blocks, rank)
    const both = sidesOf(blocks, rank, start)
    return sideStart(trains, both, () => uniform(both.right, 1 / Math.sqrt(both.right.cols), context.random))
  },
  active: (place, { trains }) => activeSides(trains, place, names),
})

/** The singular values are split evenly between L and K. */
function kroneckerSvd(context: StartContext, { p, m, q, n }: Blocks, rank: number): SiteFactors {
  const weight = float64Tensor([p, q, m, n], requireWeight(context))
  const { data } = float64Ops.transpose(weight, [0, 2, 1, 3])
  const rearranged = randomizedSvd(matrix(p * m, q * n, data), { rank, random: context.random, powerPasses: 4 })
  const { u, s, vT } = spectrumOf(rearranged, rank)
  const L = u.map((value, at) => value * Math.sqrt(s[at % rank]))
  const K = vT.map((value, at) => value * Math.sqrt(s[Math.floor(at / (q * n))]))
  return { L, K, L0: L.slice(), K0: K.slice() }
}
