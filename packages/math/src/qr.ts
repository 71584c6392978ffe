import { binaryExponent, powerOfTwo } from './binary-exponent.ts'
import { type Matrix, matrix, maxAbsFinite, transpose } from './matrix.ts'

export interface QrFactors {
  /** Orthonormal columns, shape [m, k], k = min(m, n); also where the input has less than full rank. */
  readonly q: Matrix
  /** Upper triangular with a diagonal >= 0, shape [k, n]. */
  readonly r: Matrix
}

/**
 * Thin Householder QR, A = Q R, in float64 with only + - * / sqrt, so that every engine gives the same bytes.
 * For a matrix of full column rank the sign rule (diagonal of R >= 0) makes Q and R unique.
 *
 * Golub and Van Loan, Matrix Computations, 4th ed., algorithms 5.1.1 and 5.2.1.
 *
 * @param a Shape [m, n], any m and n; an empty matrix gives empty factors. Not modified.
 * @throws {FedError} `not-finite`: an entry is NaN or infinite.
 * @example qr(matrix(2, 1, Float64Array.of(3, 4))) // q = [[0.6], [0.8]], r = [[5]]
 */
export function qr(a: Matrix): QrFactors {
  const size = Math.min(a.rows, a.cols)
  const largest = maxAbsFinite(a, 'qr')
  const exponent = largest === 0 ? 0 : Math.max(-1021, Math.min(1021, binaryExponent(largest)))
  // columns lie contiguously as rows of the transpose, scaled by an exact power of two against overflow
  const columns = transpose(a)
  scaleInto(columns.data, powerOfTwo(-exponent))
  const reflectors: Float64Array[] = []
  for (let k = 0; k < size; k++) reflectors.push(eliminateColumnInto(columns, k))

  const r = upperTriangle(columns, size)
  scaleInto(r.data, powerOfTwo(exponent))
  const q = accumulate(reflectors, a.rows)
  for (let k = 0; k < size; k++) if (r.data[k * r.cols + k]! < 0) flipSignInto(q, r, k)
  return { q, r }
}

/** Squares below this lose their precision to underflow: such a column counts as zero (a relative error of 1e-140). */
const NEGLIGIBLE = powerOfTwo(-930)

/** Reflect column k onto the k-th axis and every later column likewise; returns v with H = I - 2 v vᵀ, or nothing. */
function eliminateColumnInto(columns: Matrix, k: number): Float64Array {
  const length = columns.cols
  const column = columns.data.subarray(k * length, (k + 1) * length)
  let tail = 0
  for (let i = k + 1; i < length; i++) tail += column[i]! * column[i]!
  if (tail < NEGLIGIBLE) {
    column.fill(0, k + 1)
    return new Float64Array(0)
  }
  const head = column[k]!
  const norm = Math.sqrt(head * head + tail)
  const image = head > 0 ? -norm : norm
  const v = column.slice(k)
  v[0] = head - image
  scaleInto(v, 1 / Math.sqrt(v[0] * v[0] + tail))
  column.fill(0, k + 1)
  column[k] = image
  for (let j = k + 1; j < columns.rows; j++) reflectInto(columns.data, j * length + k, v)
  return v
}

/** x -= 2 v (vᵀ x) for the stretch of `data` that starts at `offset`. */
function reflectInto(data: Float64Array, offset: number, v: Float64Array): void {
  let dot = 0
  for (let i = 0; i < v.length; i++) dot += v[i]! * data[offset + i]!
  const factor = 2 * dot
  if (factor === 0) return
  for (let i = 0; i < v.length; i++) data[offset + i] = data[offset + i]! - factor * v[i]!
}

function upperTriangle(columns: Matrix, size: number): Matrix {
  const r = matrix(size, columns.rows)
  for (let j = 0; j < columns.rows; j++) {
    for (let i = 0; i <= Math.min(j, size - 1); i++) r.data[i * r.cols + j] = columns.data[j * columns.cols + i]!
  }
  return r
}

/** The first columns of H₀ H₁ … applied to the identity, last reflector first. */
function accumulate(reflectors: readonly Float64Array[], rows: number): Matrix {
  const size = reflectors.length
  const basis = matrix(size, rows)
  for (let j = 0; j < size; j++) basis.data[j * rows + j] = 1
  for (let k = size - 1; k >= 0; k--) {
    // columns before k are still unit vectors that reflector k does not touch
    for (let j = k; j < size; j++) reflectInto(basis.data, j * rows + k, reflectors[k]!)
  }
  return transpose(basis)
}

function flipSignInto(q: Matrix, r: Matrix, k: number): void {
  for (let i = 0; i < q.rows; i++) q.data[i * q.cols + k] = 0 - q.data[i * q.cols + k]!
  for (let j = k; j < r.cols; j++) r.data[k * r.cols + j] = 0 - r.data[k * r.cols + j]!
}

function scaleInto(data: Float64Array, factor: number): void {
  for (let i = 0; i < data.length; i++) data[i] = data[i]! * factor
}
