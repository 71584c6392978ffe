import { FedError, ShapeError } from '@tessera/vocabulary'
import type { AdapterLayout } from './layout.ts'

/**
 * The part of a vector over the coordinates, a gradient or an update, that belongs to the leading block of a smaller
 * rank; the rest is 0. A device that trains rank k of r trains these coordinates only, so the mean over devices of
 * different ranks is the mean of zero-padded updates.
 *
 * DyLoRA, Valipour et al. 2022 (https://arxiv.org/abs/2210.07558); Maestro, Horváth et al. 2023
 * (https://arxiv.org/abs/2308.14929).
 *
 * @param vector As long as the layout's coordinates. Not modified.
 * @throws {FedError} `invalid-config`: a trained factor of the method has no ranks that are nested.
 */
export function leadingBlock(layout: AdapterLayout, vector: Float32Array, rank: number): Float32Array {
  if (vector.length !== layout.length) throw new ShapeError('vector', layout.length, vector.length)
  const nesting = new Map(
    layout.sites.flatMap(({ site, adapter }) =>
      adapter.factors.map((factor) => [`${site.name}.${factor.name}`, factor.train ? factor.nested : undefined]),
    ),
  )
  const block = new Float32Array(layout.length)
  for (const { site, factor, offset, rows, cols } of layout.segments) {
    const nested = nesting.get(`${site}.${factor}`)
    if (nested === undefined) throw withoutRanks(factor)
    const height = nested === 'cols' ? rows : Math.min(rank, rows)
    const width = nested === 'rows' ? cols : Math.min(rank, cols)
    for (let row = 0; row < height; row++) {
      const start = offset + row * cols
      block.set(vector.subarray(start, start + width), start)
    }
  }
  return block
}

const withoutRanks = (factor: string): FedError =>
  new FedError('invalid-config', `factor ${factor} has no nested ranks, so devices can not train parts of it`, {
    fix: 'Choose a square or low-rank method, or give all devices the same rank.',
  })
