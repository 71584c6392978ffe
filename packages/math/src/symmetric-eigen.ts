import { FedError, ShapeError } from '@tessera/vocabulary'
import { orientColumnsInto } from './column-signs.ts'
import { jacobiTangent, rotateInto } from './jacobi-rotation.ts'
import { identity, type Matrix, matrix, maxAbsFinite } from './matrix.ts'
import { frobeniusNorm } from './matrix-product.ts'
import { rowViews } from './rows.ts'

export interface SymmetricEigen {
  /** Descending, shape [n]. */
  readonly values: Float64Array
  /** Orthonormal columns, shape [n, n]; the largest entry of each is positive. */
  readonly vectors: Matrix
}

const MAX_SWEEPS = 60

/**
 * Eigenvalues and eigenvectors of a symmetric matrix, A = V diag(values) Vᵀ, by cyclic Jacobi rotations in float64.
 * The order is descending, equal values keep the order in which the sweeps left them; the result is the same bytes
 * on every engine. Only the upper triangle is read.
 *
 * Golub and Van Loan, Matrix Computations, 4th ed., algorithm 8.5.3.
 *
 * @param a Shape [n, n]; n = 0 gives empty results. Not modified.
 * @throws {ShapeError} not square. @throws {FedError} `not-finite`, `not-converged`.
 * @example symmetricEigen(matrix(2, 2, Float64Array.of(2, 1, 1, 2))).values // [3, 1]
 */
export function symmetricEigen(a: Matrix): SymmetricEigen {
  if (a.rows !== a.cols) throw new ShapeError('symmetricEigen: columns', a.rows, a.cols)
  maxAbsFinite(a, 'symmetricEigen')
  const rows = rowViews(mirrorUpper(a))
  const basis = rowViews(identity(a.rows))
  const threshold = (frobeniusNorm(a) / a.rows) * Number.EPSILON * 0.5
  let sweeps = 0
  while (sweep(rows, basis, threshold)) {
    sweeps += 1
    if (sweeps >= MAX_SWEEPS) {
      throw new FedError('not-converged', `symmetricEigen: no convergence in ${MAX_SWEEPS} sweeps`, {
        details: { size: a.rows, sweeps },
      })
    }
  }
  return sorted(rows, basis)
}

/** One pass over all pairs; false when every off-diagonal entry was already below the threshold. */
function sweep(rows: readonly Float64Array[], basis: readonly Float64Array[], threshold: number): boolean {
  let rotated = false
  for (let p = 0; p < rows.length - 1; p++) {
    for (let q = p + 1; q < rows.length; q++) {
      if (!(Math.abs(rows[p]![q]!) > threshold)) continue
      rotated = true
      const tangent = diagonalisePairInto(rows, p, q)
      rotateInto(basis[p]!, basis[q]!, tangent)
    }
  }
  return rotated
}

/** Rotate rows and columns p and q so that entry (p, q) is 0; the matrix stays symmetric to the bit. */
function diagonalisePairInto(rows: readonly Float64Array[], p: number, q: number): number {
  const [rowP, rowQ] = [rows[p]!, rows[q]!]
  const gamma = rowP[q]!
  const [alpha, beta] = [rowP[p]!, rowQ[q]!]
  const tangent = jacobiTangent(alpha, beta, gamma)
  rotateInto(rowP, rowQ, tangent)
  for (let k = 0; k < rows.length; k++) {
    rows[k]![p] = rowP[k]!
    rows[k]![q] = rowQ[k]!
  }
  rowP[p] = alpha - tangent * gamma
  rowQ[q] = beta + tangent * gamma
  rowP[q] = 0
  rowQ[p] = 0
  return tangent
}

function mirrorUpper(a: Matrix): Matrix {
  const result = matrix(a.rows, a.cols, a.data.slice())
  for (let i = 1; i < a.rows; i++) {
    for (let j = 0; j < i; j++) result.data[i * a.cols + j] = a.data[j * a.cols + i]!
  }
  return result
}

function sorted(rows: readonly Float64Array[], basis: readonly Float64Array[]): SymmetricEigen {
  const size = rows.length
  const diagonal = rows.map((row, i) => row[i]!)
  const order = diagonal.map((_, i) => i).sort((i, j) => diagonal[j]! - diagonal[i]! || i - j)
  const vectors = matrix(size, size)
  order.forEach((from, to) => {
    for (let i = 0; i < size; i++) vectors.data[i * size + to] = basis[from]![i]!
  })
  orientColumnsInto(vectors)
  return { values: Float64Array.from(order, (i) => diagonal[i]!), vectors }
}
