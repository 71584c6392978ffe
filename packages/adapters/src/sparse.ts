import type { Site } from '@tessera/vocabulary'
import type { FrozenRole } from './factor.ts'
import { reweighted, type SiteAdapter } from './site-adapter.ts'

/** How many entries of a layer are trained: the part `density` of them, at least one. */
export const sparseCount = ({ outDim, inDim }: Site, density: number): number =>
  Math.max(1, Math.floor(density * outDim * inDim))

/** W' = W + S with S zero but for `count` trained values [1, count] at positions [2, count] that every party derives. */
export function sparseAdapter(site: Site, count: number, positions: NonNullable<FrozenRole['derive']>): SiteAdapter {
  const { outDim, inDim } = site
  const factors = [
    { name: 'v', rows: 1, cols: count, train: true, exactness: 'linear' },
    { name: 'positions', rows: 2, cols: count, train: false, derive: positions },
  ] as const
  return reweighted({ factors, rank: Math.min(count, outDim, inDim) }, (ops, { weight, factors: { v, positions } }) =>
    ops.add(weight, ops.scatter(v, positions, [outDim, inDim])),
  )
}

/** Row numbers, then column numbers, of entries by their row-major index; exact in float32 for sides below 2²⁴. */
export function positionsOf(indices: readonly number[], { inDim }: Site): Float32Array {
  const count = indices.length
  const positions = new Float32Array(2 * count)
  for (const [at, index] of indices.entries()) {
    positions[at] = Math.floor(index / inDim)
    positions[count + at] = index % inDim
  }
  return positions
}
