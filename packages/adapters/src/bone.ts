import { FedError, type Site } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineAdapter } from './adapter-method.ts'
import { reweighted } from './site-adapter.ts'

/** @throws {FedError} `invalid-config`: the block size does not divide a side that it has to. */
function requireBlocks({ name, outDim, inDim }: Site, size: number, form: 'affine' | 'shared'): void {
  const uneven = [...(form === 'affine' ? [outDim] : []), inDim].find((side) => side % size !== 0)
  if (uneven === undefined) return
  throw new FedError('invalid-config', `blocks of ${size} do not divide side ${uneven} of layer ${name}`, {
    details: { site: name, size, side: uneven },
    fix: 'Choose an adapter.rank that divides the sides of every layer, or leave this layer out of targets.',
  })
}

/**
 * Bone, block affine adaptation, Kang and Yin 2024 (https://arxiv.org/abs/2409.15371): W is cut into blocks of r × r,
 * and one trained block bᵢ a row of blocks, from 0, changes them all: ΔWᵢⱼ = Wᵢⱼ bᵢ + bᵢ.
 *
 * `shared` is the same without the product, ΔWᵢⱼ = bᵢ, which the authors name MiSS: ΔW = b [I I … I], of rank r.
 */
export const bone = defineAdapter({
  name: 'bone',
  config: z.object({
    rank: z.number().int().positive().default(16).describe('block size r; outDim · r numbers a layer'),
    form: z.enum(['affine', 'shared']).default('affine').describe('affine: W b + b; shared: b alone (MiSS)'),
  }),
  needs: 'nothing',
  site(site, { rank, form }) {
    requireBlocks(site, rank, form)
    const { outDim, inDim } = site
    const factors = [{ name: 'b', rows: outDim, cols: rank, train: true, exactness: 'linear' }] as const
    const smaller = Math.min(outDim, inDim)
    if (form === 'shared') {
      return reweighted({ factors, rank: Math.min(rank, smaller) }, (ops, { weight, factors: { b } }) => {
        const blocks = ops.reshape(weight, [outDim, inDim / rank, rank])
        return ops.reshape(ops.add(blocks, ops.reshape(b, [outDim, 1, rank])), [outDim, inDim])
      })
    }
    const rows = outDim / rank
    return reweighted({ factors, rank: smaller }, (ops, { weight, factors: { b } }) => {
      const blocks = ops.reshape(weight, [rows, rank * (inDim / rank), rank])
      const turned = ops.matMul(blocks, ops.reshape(b, [rows, rank, rank]))
      const change = ops.add(
        ops.reshape(turned, [rows, rank, inDim / rank, rank]),
        ops.reshape(b, [rows, rank, 1, rank]),
      )
      return ops.add(weight, ops.reshape(change, [outDim, inDim]))
    })
  },
  start: ({ site }, { rank }) => ({ b: new Float32Array(site.outDim * rank) }),
})
