/** Projected mean on manifolds. Zhang et al. 2024 (https://arxiv.org/abs/2406.08465), Algorithm 1, without its correction. */
import type { Update } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineAggregator } from './aggregator.ts'
import { norm } from './euclidean.ts'
import { type CoordinateMatrix, type FoldContext, PLAIN } from './fold-context.ts'
import { type KeptUpdates, keepingFold } from './keeping-fold.ts'
import { TRUSTING } from './robustness.ts'
import { weightedMean } from './weighted-mean.ts'

/**
 * A mean on the sphere, for rows of which only the line counts: d = Σ pᵢ sᵢ uᵢ / ‖uᵢ‖ with pᵢ = wᵢ / Σ w is the clients' mean
 * in the tangent space at the received point plus a multiple of that point, and d / ‖d‖ its retraction. sᵢ = ±1 takes
 * of uᵢ and −uᵢ the one on the received side. The row's length becomes Σ pᵢ ‖uᵢ‖. All other coordinates get their exact
 * weighted mean. The mean of directions is still not that of weight changes: the gap is measured in every round.
 *
 * Only exactly rounded operations, float64, in the canonical order of the updates. A row without a direction counts for
 * nothing; where directions cancel, or none was received, the row's mean stands.
 */
export const projectedMean = defineAggregator({
  name: 'projected-mean',
  config: z.object({}),
  profile: {
    ...weightedMean.profile,
    paper: 'Zhang et al. 2024 (https://arxiv.org/abs/2406.08465)',
    inexact: 'measured',
    reads: 'lines',
    keeps: 'updates',
  },
  robustness: TRUSTING,
  begin: (grid, _config, context = PLAIN) => keepingFold(grid, (kept) => ({ update: meanOnSphere(context, kept) })),
})

function meanOnSphere({ lines, received }: FoldContext, { updates, sum }: KeptUpdates): Update {
  const update = sum.mean()
  for (const row of lines.flatMap(rowsOf)) {
    const from = Float64Array.from(received.subarray(row.start, row.end))
    const points = updates.map((own) => ({
      share: own.weight / sum.totalWeight,
      point: from.map((value, at) => value + own.update[row.start + at]!),
    }))
    const mean = meanPoint(from, points)
    if (mean !== null)
      update.set(
        mean.map((value, at) => value - from[at]!),
        row.start,
      )
  }
  return update
}

const rowsOf = ({ offset, rows, cols }: CoordinateMatrix): { start: number; end: number }[] =>
  Array.from({ length: rows }, (_, row) => ({ start: offset + row * cols, end: offset + (row + 1) * cols }))

/** The mean of points on the side of `from`; null where there is no such side, or the directions cancel. */
function meanPoint(
  from: Float64Array,
  points: readonly { readonly share: number; readonly point: Float64Array }[],
): Float64Array | null {
  if (norm(from) === 0) return null
  const direction = new Float64Array(from.length)
  let length = 0
  for (const { share, point } of points) {
    const own = norm(point)
    if (own === 0) continue
    const part = (dot(from, point) < 0 ? -share : share) / own
    for (const [at, value] of point.entries()) direction[at]! += part * value
    length += share * own
  }
  const whole = norm(direction)
  return whole === 0 ? null : direction.map((value) => (value * length) / whole)
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, at) => sum + value * b[at]!, 0)
