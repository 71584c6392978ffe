import { FedError } from '@tessera/vocabulary'
import { binaryExponent, powerOfTwo } from './binary-exponent.ts'
import { orientColumnsInto } from './column-signs.ts'
import { jacobiTangent, rotateInto } from './jacobi-rotation.ts'
import { identity, type Matrix, matrix, maxAbsFinite, transpose } from './matrix.ts'
import { multiply } from './matrix-product.ts'
import { qr } from './qr.ts'
import { dot, rowViews } from './rows.ts'

/** A = U diag(s) Vᵀ with k = min(m, n), or the rank asked for in a truncated one. */
export interface Svd {
  /** Orthonormal columns, shape [m, k]; the largest entry of each is positive. */
  readonly u: Matrix
  /** Singular values, descending, >= 0, shape [k]. */
  readonly s: Float64Array
  /** Orthonormal columns, shape [n, k]. */
  readonly v: Matrix
}

const MAX_SWEEPS = 60
/** Relative to the largest entry; a column below it counts as zero, since its squares would underflow. */
const NEGLIGIBLE_NORM = powerOfTwo(-450)

/**
 * Thin singular value decomposition by one-sided Jacobi rotations on the triangular factor, in float64 with only
 * + - * / sqrt: the same bytes on every engine. U and V are orthonormal also where singular values are 0.
 * Sign rule: in each column of U the entry of largest magnitude (the first of equals) is positive.
 *
 * Golub and Van Loan, Matrix Computations, 4th ed., section 8.6.4; the QR step first is Drmac and Veselic 2008
 * (https://doi.org/10.1137/050639193).
 *
 * @param a Shape [m, n], any m and n; an empty matrix gives empty factors. Not modified.
 * @returns s is Infinity where a norm is beyond float64, which takes entries near 1e308.
 * @throws {FedError} `not-finite`: an entry is NaN or infinite; `not-converged`.
 * @example svd(matrix(2, 2, Float64Array.of(0, 2, 1, 0))).s // [2, 1]
 */
export function svd(a: Matrix): Svd {
  const largest = maxAbsFinite(a, 'svd')
  const exponent = largest === 0 ? 0 : Math.max(-1021, Math.min(1021, binaryExponent(largest)))
  const scaled = matrix(
    a.rows,
    a.cols,
    Float64Array.from(a.data, (value) => value * powerOfTwo(-exponent)),
  )
  const wide = a.rows < a.cols
  const tall = tallSvd(wide ? transpose(scaled) : scaled)
  const [u, v] = wide ? [tall.v, tall.u] : [tall.u, tall.v]
  orientColumnsInto(u, v)
  return { u, s: tall.s.map((value) => value * powerOfTwo(exponent)), v }
}

/** A = Q R and Rᵀ = X diag(s) Yᵀ give A = (Q Y) diag(s) Xᵀ; rows of R are the columns of Rᵀ. */
function tallSvd(a: Matrix): Svd {
  const { q, r } = qr(a)
  const columns = rowViews(r)
  const rotations = rowViews(identity(r.rows))
  orthogonaliseInto(columns, rotations)
  const norms = columns.map((column) => normOf(column))
  const order = norms.map((_, i) => i).sort((i, j) => norms[j]! - norms[i]! || i - j)
  const x = fromColumns(order.map((i) => columns[i]!.map((value) => (norms[i]! > 0 ? value / norms[i]! : 0))))
  const y = fromColumns(order.map((i) => rotations[i]!))
  return { u: multiply(q, y), s: Float64Array.from(order, (i) => norms[i]!), v: completeZeroColumns(x) }
}

/** Rotate pairs of columns until all are orthogonal to working accuracy, and `rotations` along with them. */
function orthogonaliseInto(columns: readonly Float64Array[], rotations: readonly Float64Array[]): void {
  // the rounding error of a dot product of this length: below it the angle is noise
  const tolerance = Math.sqrt(Math.max(1, columns.length)) * Number.EPSILON
  let sweeps = 0
  while (sweep(columns, rotations, tolerance)) {
    sweeps += 1
    if (sweeps >= MAX_SWEEPS) {
      throw new FedError('not-converged', `svd: no convergence in ${MAX_SWEEPS} sweeps`, {
        details: { size: columns.length, sweeps },
      })
    }
  }
}

function sweep(columns: readonly Float64Array[], rotations: readonly Float64Array[], tolerance: number): boolean {
  let rotated = false
  for (let p = 0; p < columns.length - 1; p++) {
    for (let q = p + 1; q < columns.length; q++) {
      const [x, y] = [columns[p]!, columns[q]!]
      const [alpha, beta] = [normOf(x), normOf(y)]
      const gamma = dot(x, y)
      if (alpha === 0 || beta === 0 || !(Math.abs(gamma) > tolerance * alpha * beta)) continue
      rotated = true
      const tangent = jacobiTangent(alpha * alpha, beta * beta, gamma)
      rotateInto(x, y, tangent)
      rotateInto(rotations[p]!, rotations[q]!, tangent)
    }
  }
  return rotated
}

function normOf(column: Float64Array): number {
  const norm = Math.sqrt(dot(column, column))
  return norm < NEGLIGIBLE_NORM ? 0 : norm
}

function fromColumns(columns: readonly Float64Array[]): Matrix {
  const size = columns.length
  const result = matrix(size, size)
  columns.forEach((column, j) => {
    for (let i = 0; i < size; i++) result.data[i * size + j] = column[i]!
  })
  return result
}

/** Replace zero columns, which come last, by an orthonormal completion of the others. */
function completeZeroColumns(x: Matrix): Matrix {
  const size = x.cols
  const isZero = (j: number): boolean => {
    for (let at = j; at < x.data.length; at += size) if (x.data[at] !== 0) return false
    return true
  }
  if (size === 0 || !isZero(size - 1)) return x
  const full = qr(x).q
  const data = x.data.map((value, at) => (isZero(at % size) ? full.data[at]! : value))
  return matrix(size, size, data)
}
