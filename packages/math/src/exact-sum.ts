import { FedError, ShapeError } from '@tessera/vocabulary'
import { powerOfTwo } from './binary-exponent.ts'
import { EXACT_INTEGER_LIMIT, gridLength, requireWeight, type SumGrid, toGridInto } from './sum-grid.ts'

/** All that an exact sum remembers, as plain data. */
export interface ExactSumState {
  /** Σ step_i * weight, integers, shape [n]. */
  readonly sums: Float64Array
  /** Largest |value| added so far, one a segment, before rounding to the grid. */
  readonly maxAbs: Float64Array
  readonly totalWeight: number
}

/**
 * A weighted sum whose bytes depend on what was added and never on the order, the machine or a restart between:
 * values are rounded to a power-of-two grid once, multiplied by integer weights and added as exact integers.
 * Adding a vector with weight 3 equals adding it three times with weight 1.
 */
export interface ExactSum {
  readonly grid: SumGrid
  readonly totalWeight: number
  /**
   * Add one vector, shape [n], with a positive integer weight. After an error nothing has been added.
   *
   * @throws {ShapeError} another length. @throws {FedError} `not-finite`; `grid-overflow`: a value beyond the grid
   * (names index and limit) or a total weight above the grid's limit; `invalid-argument`: the weight.
   */
  addInto(values: Float32Array, weight: number): void
  /** sum * 2^e / totalWeight, the only division, in float64. @throws {FedError} `invalid-argument`: nothing added. */
  meanFloat64(): Float64Array
  /** `meanFloat64` rounded to float32. */
  mean(): Float32Array
  /** Largest |value| added, one a segment; what the next round's exponents are chosen from. 0 before the first. */
  maxAbs(): Float64Array
  /** 2^exponent, one a segment: no mean is further than half of it from the unrounded one, up to float rounding. */
  resolution(): Float64Array
  /** A copy of the state; `createExactSum(grid, state)` continues from it. */
  snapshot(): ExactSumState
}

/**
 * An empty sum on a grid, or one that continues from a snapshot (copied).
 *
 * @throws {ShapeError} segments leave gaps, or the state belongs to another grid.
 * @throws {FedError} `invalid-argument`: grid or state is malformed.
 * @example
 * const sum = createExactSum(uniformGrid(2, -20, 8))
 * sum.addInto(Float32Array.of(1, 0), 1)
 * sum.addInto(Float32Array.of(4, 2), 3)
 * sum.mean() // [3.25, 1.5]
 */
export function createExactSum(grid: SumGrid, state?: ExactSumState): ExactSum {
  const length = gridLength(grid)
  if (state !== undefined) requireState(state, grid, length)
  const sums = state?.sums.slice() ?? new Float64Array(length)
  const maxAbs = state?.maxAbs.slice() ?? new Float64Array(grid.segments.length)
  const contribution = new Float64Array(length)
  let totalWeight = state?.totalWeight ?? 0

  const meanFloat64 = (): Float64Array => {
    if (totalWeight === 0) throw new FedError('invalid-argument', 'exact sum: the mean of nothing is not defined')
    const result = new Float64Array(length)
    for (const segment of grid.segments) {
      const step = powerOfTwo(segment.exponent)
      const end = segment.offset + segment.length
      for (let i = segment.offset; i < end; i++) result[i] = (sums[i]! * step) / totalWeight
    }
    return result
  }
  return {
    grid,
    get totalWeight() {
      return totalWeight
    },
    addInto: (values, weight) => {
      // everything that can fail comes before the first change
      toGridInto(contribution, { values, weight }, grid)
      requireWeight(totalWeight + weight, grid.weightLimit)
      for (let i = 0; i < length; i++) sums[i] = sums[i]! + contribution[i]!
      raiseMaxAbsInto(maxAbs, values, grid)
      totalWeight += weight
    },
    meanFloat64,
    mean: () => Float32Array.from(meanFloat64()),
    maxAbs: () => maxAbs.slice(),
    resolution: () => Float64Array.from(grid.segments, ({ exponent }) => powerOfTwo(exponent)),
    snapshot: () => ({ sums: sums.slice(), maxAbs: maxAbs.slice(), totalWeight }),
  }
}

function raiseMaxAbsInto(maxAbs: Float64Array, values: Float32Array, grid: SumGrid): void {
  for (const [index, { offset, length }] of grid.segments.entries()) {
    let largest = maxAbs[index]!
    for (let i = offset; i < offset + length; i++) {
      const magnitude = Math.abs(values[i]!)
      if (magnitude > largest) largest = magnitude
    }
    maxAbs[index] = largest
  }
}

function requireState(state: ExactSumState, grid: SumGrid, length: number): void {
  const { sums, maxAbs, totalWeight } = state
  if (sums.length !== length) throw new ShapeError('sums of the snapshot', length, sums.length)
  if (maxAbs.length !== grid.segments.length) {
    throw new ShapeError('maxAbs of the snapshot', grid.segments.length, maxAbs.length)
  }
  if (totalWeight !== 0) requireWeight(totalWeight, grid.weightLimit)
  const limit = grid.sumLimit ?? EXACT_INTEGER_LIMIT
  const broken = sums.findIndex((sum) => !(Number.isInteger(sum) && Math.abs(sum) <= limit))
  if (broken >= 0) {
    throw new FedError('invalid-argument', `snapshot: sum ${broken} is ${sums[broken]}, no integer within ±${limit}`)
  }
}
