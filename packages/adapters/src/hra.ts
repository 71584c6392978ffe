import { FedError } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineAdapter } from './adapter-method.ts'
import { requireRank } from './chain.ts'
import { uniform } from './seeded.ts'
import type { TensorOps } from './tensor-ops.ts'

/** x H for the reflections H = I − 2 uᵀu / (u uᵀ) of these rows of U [r, n], one after the other, on rows x [N, n]. */
function reflected<T>(ops: TensorOps<T>, x: T, { U, order, width }: { U: T; order: number[]; width: number }): T {
  return order.reduce((rows, at) => {
    const u = ops.slice(U, [at, 0], [1, width])
    const along = ops.div(ops.matMul(rows, u, { transposeB: true }), ops.sum(ops.mul(u, u), 1))
    return ops.sub(rows, ops.scale(ops.matMul(along, u), 2))
  }, x)
}

/**
 * HRA, Yuan et al. 2024 (https://arxiv.org/abs/2405.17484): W' = W H₁ H₂ … Hᵣ, Householder reflections of the trained
 * vectors, the rows of U [r, inDim].
 *
 * Neighbours start equal, so that they cancel and W' = W; that takes an even r. Of a vector only its line counts, so
 * clients are averaged on the sphere (the rule projected-mean); the mean of vectors is not the mean of products.
 */
export const hra = defineAdapter({
  name: 'hra',
  config: z.object({
    rank: z.number().int().positive().default(8).describe('number r of reflections, even; r · inDim numbers a layer'),
  }),
  needs: 'nothing',
  site(site, { rank }) {
    const { outDim, inDim } = site
    requireRank(site, rank, inDim)
    if (rank % 2 !== 0) {
      throw new FedError('invalid-config', `${rank} reflections do not cancel in pairs at the start`, {
        fix: 'Choose an even adapter.rank.',
      })
    }
    const order = [...Array(rank).keys()]
    return {
      factors: [{ name: 'U', rows: rank, cols: inDim, train: true, exactness: 'manifold', lines: 'rows' }],
      chain: null,
      rank: Math.min(rank, outDim),
      forward(ops, { x, weight, factors: { U } }) {
        const turned = reflected(ops, x, { U, order: order.toReversed(), width: inDim })
        return ops.matMul(turned, weight, { transposeB: true })
      },
      merged: (ops, { weight, factors: { U } }) => ({
        weight: reflected(ops, weight, { U, order, width: inDim }),
        bias: null,
      }),
    }
  },
  start({ site: { inDim }, random }, { rank }) {
    const halves = uniform({ rows: rank / 2, cols: inDim }, Math.sqrt(2 / rank), random)
    const U = new Float32Array(rank * inDim)
    for (let row = 0; row < rank; row++) {
      const half = Math.floor(row / 2) * inDim
      U.set(halves.subarray(half, half + inDim), row * inDim)
    }
    return { U }
  },
})
