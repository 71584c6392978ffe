import { FedError, ShapeError } from '@tessera/vocabulary'
import { type AdapterLayout, factorKey, type Segment } from './layout.ts'

/** By site name, the ranks that go on, by their numbers from 0, in their new order; none where a site is left bare. */
export type KeptRanks = Readonly<Record<string, readonly number[]>>

/** A factor of which each rank has one row or one column. */
interface RankedSegment extends Segment {
  readonly axis: 'rows' | 'cols'
}

/**
 * The segments of an adapter whose ranks can be put in another order and left out one by one: all its factors are
 * trained, and each rank has one row or one column of each. Then ΔW is a sum over ranks.
 *
 * @throws {FedError} `invalid-config`: the adapter is not of this form.
 */
export function rankedSegments({ sites, segments }: AdapterLayout): readonly RankedSegment[] {
  const axes = new Map<string, 'rows' | 'cols'>()
  for (const { site, adapter } of sites) {
    for (const factor of adapter.factors) {
      const axis = factor.train ? factor.nested : undefined
      if (axis === undefined || axis === 'both') throw notRanked(factor.name)
      axes.set(factorKey(site.name, factor.name), axis)
    }
  }
  return segments.map((segment) => {
    const axis = axes.get(factorKey(segment.site, segment.factor))
    if (axis === undefined) throw notRanked(segment.factor)
    return { ...segment, axis }
  })
}

const notRanked = (factor: string): FedError =>
  new FedError('invalid-config', `factor ${factor} does not fall into ranks that can be dropped one by one`, {
    fix: 'Choose the method adalora, or lora from zero; or set rankPolicy.name to none.',
  })

const ranksOf = ({ axis, rows, cols }: RankedSegment): number => (axis === 'rows' ? rows : cols)

/** The positions in the flat coordinates that one rank has in a segment. */
function* positionsOf({ axis, offset, rows, cols }: RankedSegment, rank: number): Generator<number, void> {
  if (axis === 'rows') for (let col = 0; col < cols; col++) yield offset + rank * cols + col
  else for (let row = 0; row < rows; row++) yield offset + row * cols + rank
}

/** By site name and rank, the sum over factors of the mean of the rank's values in them, in float64. */
export function rankMeans(layout: AdapterLayout, values: Float64Array): Readonly<Record<string, Float64Array>> {
  if (values.length !== layout.length) throw new ShapeError('values of ranks', layout.length, values.length)
  const means: Record<string, Float64Array> = {}
  for (const segment of rankedSegments(layout)) {
    const ranks = ranksOf(segment)
    means[segment.site] ??= new Float64Array(ranks)
    const own = means[segment.site] as Float64Array
    for (let rank = 0; rank < ranks; rank++) {
      let sum = 0
      for (const at of positionsOf(segment, rank)) sum += values[at]
      own[rank] += sum / (segment.length / ranks)
    }
  }
  return means
}

/** A vector over the coordinates with the kept ranks only, in their new order: a vector over the smaller adapter. */
export function keepRanks(layout: AdapterLayout, vector: Float32Array, kept: KeptRanks): Float32Array {
  if (vector.length !== layout.length) throw new ShapeError('vector', layout.length, vector.length)
  const parts = rankedSegments(layout).map((segment) => keptPart(segment, vector, kept[segment.site]))
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

function keptPart(segment: RankedSegment, vector: Float32Array, ranks: readonly number[]): Float32Array {
  const each = segment.length / ranksOf(segment)
  const part = new Float32Array(ranks.length * each)
  for (const [place, rank] of ranks.entries()) {
    let step = 0
    for (const at of positionsOf(segment, rank)) {
      part[segment.axis === 'rows' ? place * each + step : step * ranks.length + place] = vector[at]
      step += 1
    }
  }
  return part
}
