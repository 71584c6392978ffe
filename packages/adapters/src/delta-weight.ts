import { ShapeError, type Site } from '@tessera/vocabulary'
import type { SiteFactors } from './factor.ts'
import { type Float64Tensor, float64Ops, float64Tensor } from './float64-ops.ts'
import type { MergedLayer, SiteAdapter } from './site-adapter.ts'

/** An adapter at a site with all its numbers. */
export interface AdaptedSite {
  readonly site: Site
  readonly adapter: SiteAdapter
  /** The base weight, [outDim, inDim]. */
  readonly weight: Float32Array
  readonly factors: SiteFactors
}

/** W' and bias in float64. @throws {ShapeError} the weight or a factor has another size. */
export function mergedLayer({ site, adapter, weight, factors }: AdaptedSite): MergedLayer<Float64Tensor> {
  const tensors = adapter.factors.map(
    ({ name, rows, cols }) => [name, float64Tensor([rows, cols], factors[name])] as const,
  )
  const base = float64Tensor([site.outDim, site.inDim], weight)
  return adapter.merged(float64Ops, { weight: base, factors: Object.fromEntries(tensors) })
}

/** ΔW = W' − W, [outDim, inDim], computed in float64 and rounded to float32 once. */
export function deltaWeight(adapted: AdaptedSite): Float32Array {
  const merged = mergedLayer(adapted).weight.data
  return adapted.weight.map((value, at) => merged[at] - value)
}

/** W' = W + ΔW, a new array. */
export function merge(weight: Float32Array, delta: Float32Array): Float32Array {
  if (delta.length !== weight.length) throw new ShapeError('ΔW', weight.length, delta.length)
  return weight.map((value, at) => value + delta[at])
}

/** W = W' − ΔW, a new array; equal to the base weight up to float32 rounding. */
export function unmerge(weight: Float32Array, delta: Float32Array): Float32Array {
  if (delta.length !== weight.length) throw new ShapeError('ΔW', weight.length, delta.length)
  return weight.map((value, at) => value - delta[at])
}
