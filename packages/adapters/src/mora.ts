import { z } from 'zod'
import { defineAdapter } from './adapter-method.ts'
import { requireRank } from './chain.ts'
import { reweighted } from './site-adapter.ts'
import type { TensorOps } from './tensor-ops.ts'

/**
 * MoRA, Jiang et al. 2024 (https://arxiv.org/abs/2405.12130): W' x = W x + decompress(M compress(x)) with one square
 * M [s, s], s = ⌊√((outDim + inDim) · rank)⌋, of as many numbers as LoRA of that rank.
 *
 * Of the paper's operators the sharing ones (its equations 6 and 7; type 1 of the code), which need no rotation by
 * position: compress adds up the inputs of a group, decompress repeats an output over its group, and i belongs to group
 * i mod s. So ΔW[i, j] = M[i mod s, j mod s], and ΔW has rank s.
 */
export const mora = defineAdapter({
  name: 'mora',
  config: z.object({
    rank: z.number().int().positive().default(8).describe('the rank of the LoRA with as many numbers'),
  }),
  needs: 'nothing',
  site(site, { rank }) {
    const { outDim, inDim } = site
    const smaller = Math.min(outDim, inDim)
    requireRank(site, rank, Math.floor(((smaller + 1) ** 2 - 1) / (outDim + inDim)))
    const side = Math.floor(Math.sqrt((outDim + inDim) * rank))
    const factors = [{ name: 'M', rows: side, cols: side, train: true, exactness: 'linear' }] as const
    return reweighted({ factors, rank: side }, (ops, { weight, factors: { M } }) => {
      const rows = ops.slice(repeated(ops, M, { times: Math.ceil(outDim / side), axis: 0 }), [0, 0], [outDim, side])
      const tiled = ops.slice(repeated(ops, rows, { times: Math.ceil(inDim / side), axis: 1 }), [0, 0], [outDim, inDim])
      return ops.add(weight, tiled)
    })
  },
  start({ site }, { rank }) {
    const side = Math.floor(Math.sqrt((site.outDim + site.inDim) * rank))
    return { M: new Float32Array(side * side) }
  },
})

const repeated = <T>(ops: TensorOps<T>, a: T, { times, axis }: { times: number; axis: number }): T =>
  ops.concat(Array<T>(times).fill(a), axis)
