import { ShapeError } from '@tessera/vocabulary'
import { binaryExponent, powerOfTwo } from './binary-exponent.ts'
import { type Matrix, matrix, transpose } from './matrix.ts'
import { addCombinationInto, dot, rowViews } from './rows.ts'

/**
 * A B, shapes [m, k] x [k, n] -> [m, n], accumulated in float64 in order of k, four terms at a time.
 * NaN and infinity propagate.
 *
 * @throws {ShapeError} the inner sides differ.
 */
export function multiply(a: Matrix, b: Matrix): Matrix {
  if (a.cols !== b.rows) throw new ShapeError('multiply: rows of b', a.cols, b.rows)
  const result = matrix(a.rows, b.cols)
  const rows = rowViews(b)
  const factors = rowViews(a)
  for (const [i, target] of rowViews(result).entries()) addCombinationInto(target, factors[i]!, rows)
  return result
}

/**
 * Aᵀ B, shapes [k, m] x [k, n] -> [m, n], accumulated as in `multiply`.
 *
 * @throws {ShapeError} the row counts differ.
 */
export function multiplyLeftTransposed(a: Matrix, b: Matrix): Matrix {
  if (a.rows !== b.rows) throw new ShapeError('multiplyLeftTransposed: rows of b', a.rows, b.rows)
  return multiply(transpose(a), b)
}

/**
 * A Bᵀ without forming Bᵀ, shapes [m, k] x [n, k] -> [m, n], accumulated in float64 in order of k.
 *
 * @throws {ShapeError} the column counts differ.
 */
export function multiplyRightTransposed(a: Matrix, b: Matrix): Matrix {
  if (a.cols !== b.cols) throw new ShapeError('multiplyRightTransposed: columns of b', a.cols, b.cols)
  const result = matrix(a.rows, b.rows)
  const columns = rowViews(b)
  rowViews(a).forEach((row, i) => {
    for (let j = 0; j < b.rows; j++) result.data[i * b.rows + j] = dot(row, columns[j]!)
  })
  return result
}

/**
 * sqrt(Σ a_ij²), accumulated in float64 after an exact power-of-two scaling, so that neither 1e300 nor 1e-300
 * overflows or vanishes. 0 for an empty matrix; NaN or infinity if an entry is so.
 */
export function frobeniusNorm(a: Matrix): number {
  let largest = 0
  for (const value of a.data) {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? Number.NaN : Number.POSITIVE_INFINITY
    largest = Math.max(largest, Math.abs(value))
  }
  if (largest === 0) return 0
  const exponent = Math.max(-1021, Math.min(1021, binaryExponent(largest)))
  const scale = powerOfTwo(-exponent)
  let sum = 0
  for (const value of a.data) sum += value * scale * (value * scale)
  return Math.sqrt(sum) * powerOfTwo(exponent)
}
