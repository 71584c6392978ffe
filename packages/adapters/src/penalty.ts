import { type Matrix, multiply, transpose } from '@tessera/math'
import type { Coordinates } from '@tessera/vocabulary'
import type { AdapterLayout } from './layout.ts'

/** Add the gradients of what methods put a price on, beside the loss: nothing where they have no penalty. */
export function addPenaltyInto(gradient: Float32Array, { sites, segments }: AdapterLayout, at: Coordinates): void {
  for (const { site, adapter } of sites) {
    if (adapter.penalty === undefined) continue
    const own = segments.filter((segment) => segment.site === site.name)
    const trained = own.map(({ factor, offset, length }) => [factor, at.subarray(offset, offset + length)] as const)
    const added = adapter.penalty(Object.fromEntries(trained))
    for (const { factor, offset } of own) {
      for (const [i, value] of (added[factor] ?? []).entries()) gradient[offset + i] += value
    }
  }
}

/** The gradient of ‖MᵀM − I‖²_F, which is 0 where the columns are orthonormal: 4 M (MᵀM − I). */
export function orthonormalityGradient(m: Matrix): Matrix {
  const gram = multiply(transpose(m), m)
  const off = { ...gram, data: gram.data.map((value, at) => value - (at % (gram.cols + 1) === 0 ? 1 : 0)) }
  const product = multiply(m, off)
  return { ...product, data: product.data.map((value) => 4 * value) }
}
