import type { Update } from '@tessera/vocabulary'

/** A rule for one coordinate: what becomes of its values, which are sorted in ascending order and may not be changed. */
export type Column = (sorted: Float64Array) => number

/** Each coordinate by itself. */
export function coordinateWise(updates: readonly Update[], column: Column): Float64Array {
  const values = new Float64Array(updates.length)
  const result = new Float64Array(updates[0]!.length)
  for (let at = 0; at < result.length; at++) {
    for (let i = 0; i < values.length; i++) values[i] = updates[i]![at]!
    result[at] = column(values.sort())
  }
  return result
}

/** The value in the middle, or the mean of the two there. */
export const median: Column = (sorted) => {
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

/** The mean of sorted[start] … sorted[end − 1], added in ascending order. */
export function meanBetween(sorted: Float64Array, start: number, end: number): number {
  let sum = 0
  for (let i = start; i < end; i++) sum += sorted[i]!
  return sum / (end - start)
}
