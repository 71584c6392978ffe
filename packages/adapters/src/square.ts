import type { Site } from '@tessera/vocabulary'
import { requireRank } from './chain.ts'
import { chainAdapter } from './chain-adapter.ts'
import type { SiteAdapter } from './site-adapter.ts'

/** ΔW = B R A with B [outDim, r] and A [r, inDim] frozen, and the square R [r, r] trained. Throws `rank-too-large`. */
export function squareAdapter(site: Site, rank: number): SiteAdapter {
  requireRank(site, rank)
  return chainAdapter({
    scale: 1,
    factors: [
      { name: 'B', rows: site.outDim, cols: rank, train: false },
      { name: 'R', rows: rank, cols: rank, train: true, exactness: 'linear', nested: 'both' },
      { name: 'A', rows: rank, cols: site.inDim, train: false },
    ],
  })
}

/** step · diag(s) as a row-major [r, r] matrix. */
export function scaledDiagonal(s: Float32Array, step: number): Float32Array {
  const rank = s.length
  const square = new Float32Array(rank * rank)
  for (let i = 0; i < rank; i++) square[i * rank + i] = step * s[i]
  return square
}
