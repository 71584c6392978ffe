import { chooseGridExponent, type Segment, type SumGrid } from '@tessera/math'
import type { WeightedUpdate } from './weighted-update.ts'

/** The finest grid that holds all of these updates; values that are not finite are left for `add` to refuse. */
export function gridFor(
  updates: readonly WeightedUpdate[],
  segments: readonly Pick<Segment, 'offset' | 'length'>[],
): SumGrid {
  const totalWeight = Math.max(
    1,
    updates.reduce((sum, { weight }) => sum + weight, 0),
  )
  const withExponent = segments.map(({ offset, length }) => {
    let range = 0
    for (const { update } of updates) {
      for (const value of update.subarray(offset, offset + length)) {
        if (Number.isFinite(value)) range = Math.max(range, Math.abs(value))
      }
    }
    return { offset, length, exponent: chooseGridExponent({ range, totalWeight }) }
  })
  return { segments: withExponent, weightLimit: totalWeight }
}
