import { FedError, ShapeError } from '@tessera/vocabulary'
import { binaryExponent, powerOfTwo } from './binary-exponent.ts'

/** A stretch of the flat coordinate vector, usually one site, whose values are rounded to multiples of 2^exponent. */
export interface Segment {
  readonly offset: number
  readonly length: number
  /** An integer in -149..128; at -149 every float32 lies on the grid. */
  readonly exponent: number
}

/** The public agreement that makes a round's sums exact; everyone who sums must use the same one. */
export interface SumGrid {
  /** In order, without gaps or overlaps, from offset 0; an empty segment is allowed. */
  readonly segments: readonly Segment[]
  /** No more than this total weight is ever added, a positive integer. */
  readonly weightLimit: number
  /** The largest |sum| on the grid: 2^53 in float64 (the default), 2^31 - 1 for sums modulo 2^32. */
  readonly sumLimit?: number
}

/** Float64 represents every integer up to here. */
export const EXACT_INTEGER_LIMIT = 9007199254740992
const FINEST_EXPONENT = -149
const COARSEST_EXPONENT = 128
const ROUNDER = 4503599627370496

/**
 * The finest grid on which no sum can overflow: the smallest exponent e >= -149 with
 * round(range / 2^e) * totalWeight <= sumLimit.
 *
 * @param request.range Largest |value| that will be allowed, finite and >= 0, same unit as a value; 0 gives -149.
 * @param request.totalWeight Largest total weight of a round, a positive integer.
 * @param request.sumLimit 2^53 by default.
 * @throws {FedError} `invalid-argument`: outside these ranges. `grid-overflow`: no grid is coarse enough.
 * @example chooseGridExponent({ range: 1, totalWeight: 1 }) // -53
 */
export function chooseGridExponent(request: {
  readonly range: number
  readonly totalWeight: number
  readonly sumLimit?: number
}): number {
  const { range, totalWeight, sumLimit = EXACT_INTEGER_LIMIT } = request
  if (!(range >= 0 && range < Number.POSITIVE_INFINITY)) {
    throw new FedError('invalid-argument', `a grid's range must be finite and at least 0, got ${range}`)
  }
  const limit = largestStep(totalWeight, sumLimit)
  if (range === 0) return FINEST_EXPONENT
  // one step too fine for certain: range / 2^e >= 2^(floor(log2 limit) + 1) > limit
  let exponent = Math.max(FINEST_EXPONENT, binaryExponent(range) - binaryExponent(limit) - 1)
  while (exponent <= COARSEST_EXPONENT && roundHalfEven(range * powerOfTwo(-exponent)) > limit) exponent += 1
  if (exponent <= COARSEST_EXPONENT) return exponent
  throw new FedError('grid-overflow', `no grid up to 2^${COARSEST_EXPONENT} holds a range of ${range}`, {
    details: { range, totalWeight, sumLimit },
  })
}

/** A grid of one segment. */
export function uniformGrid(length: number, exponent: number, weightLimit: number): SumGrid {
  return { segments: [{ offset: 0, length, exponent }], weightLimit }
}

/** The coordinates a grid covers. @throws {FedError} `invalid-argument`, `shape-mismatch`: the grid is malformed. */
export function gridLength(grid: SumGrid): number {
  largestStep(grid.weightLimit, grid.sumLimit ?? EXACT_INTEGER_LIMIT)
  let end = 0
  for (const [index, { offset, length, exponent }] of grid.segments.entries()) {
    if (offset !== end) throw new ShapeError(`offset of segment ${index}`, end, offset)
    if (!(Number.isInteger(length) && length >= 0)) throw new ShapeError(`length of segment ${index}`, 0, length)
    if (!(Number.isInteger(exponent) && exponent >= FINEST_EXPONENT && exponent <= COARSEST_EXPONENT)) {
      throw new FedError('invalid-argument', `exponent of segment ${index} must be in -149..128, got ${exponent}`)
    }
    end += length
  }
  return end
}

/**
 * target_i = roundHalfEven(value_i / 2^e) * weight, e being the exponent of the segment of i: exact integers.
 * Whether a vector is accepted depends on itself alone, never on what was summed before: |round(value / 2^e)| may be
 * at most floor(sumLimit / weightLimit), so that weights up to `weightLimit` can never overflow, in any order.
 *
 * @param target Shape [n]; its contents are unspecified after an error.
 * @param weighted `values` of shape [n] and their `weight`, a positive integer.
 * @throws {ShapeError} a length differs from the grid's. @throws {FedError} `not-finite`: a value is NaN or infinite.
 * `grid-overflow`: a value is too large; the error names its index and the limit. `invalid-argument`: the weight.
 */
export function toGridInto(
  target: Float64Array,
  weighted: { readonly values: Float32Array; readonly weight: number },
  grid: SumGrid,
): void {
  const { values, weight } = weighted
  const length = gridLength(grid)
  if (values.length !== length) throw new ShapeError('values on the grid', length, values.length)
  if (target.length !== length) throw new ShapeError('target of the grid', length, target.length)
  requireWeight(weight, grid.weightLimit)
  const limit = largestStep(grid.weightLimit, grid.sumLimit ?? EXACT_INTEGER_LIMIT)
  for (const { offset, length: count, exponent } of grid.segments) {
    const inverse = powerOfTwo(-exponent)
    for (let i = offset; i < offset + count; i++) {
      const step = roundHalfEven(values[i]! * inverse)
      if (!(Math.abs(step) <= limit)) refuse(values[i]!, i, limit * powerOfTwo(exponent))
      target[i] = step * weight
    }
  }
}

/** @throws {FedError} `invalid-argument`: not a positive integer; `grid-overflow`: above the limit. */
export function requireWeight(weight: number, limit: number): void {
  if (!(Number.isInteger(weight) && weight > 0)) {
    throw new FedError('invalid-argument', `a weight in an exact sum must be a positive integer, got ${weight}`)
  }
  if (weight <= limit) return
  throw new FedError('grid-overflow', `the weight ${weight} is above the grid's limit of ${limit}`, {
    details: { weight, limit },
    fix: 'Choose the grid for the largest total weight that a round may have.',
  })
}

/**
 * The nearest integer, ties to the even one, by IEEE addition; integers of 2^52 and more are returned as they are.
 *
 * @example [0.5, 1.5, 2.5, -0.5].map(roundHalfEven) // [0, 2, 2, 0]
 */
export function roundHalfEven(value: number): number {
  if (value >= ROUNDER || value <= -ROUNDER) return value
  return value >= 0 ? value + ROUNDER - ROUNDER : value - ROUNDER + ROUNDER
}

/** floor(sumLimit / weightLimit): the largest |step| of one value. */
function largestStep(weightLimit: number, sumLimit: number): number {
  if (!(Number.isInteger(sumLimit) && sumLimit > 0 && sumLimit <= EXACT_INTEGER_LIMIT)) {
    throw new FedError('invalid-argument', `a grid's sum limit must be an integer in 1..2^53, got ${sumLimit}`)
  }
  requireWeight(weightLimit, sumLimit)
  return (sumLimit - (sumLimit % weightLimit)) / weightLimit
}

function refuse(value: number, index: number, limit: number): never {
  if (!Number.isFinite(value)) {
    throw new FedError('not-finite', `exact sum: value ${index} is ${value}`, { details: { index } })
  }
  throw new FedError('grid-overflow', `exact sum: value ${index} is ${value}, the grid ends at ±${limit}`, {
    details: { index, value, limit },
    fix: 'Clip the update to the range the grid was chosen for, or choose a coarser grid for the next round.',
  })
}
