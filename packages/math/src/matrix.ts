import { FedError, ShapeError } from '@tessera/vocabulary'

/** A dense real matrix, row-major in float64: entry (i, j) is `data[i * cols + j]`. Either side may be 0. */
export interface Matrix {
  readonly rows: number
  readonly cols: number
  readonly data: Float64Array
}

/**
 * A matrix of zeros, or one that adopts `data` without a copy.
 *
 * @throws {FedError} `shape-mismatch`: a side is not an integer >= 0, or `data` has not rows * cols entries.
 * @example matrix(2, 2, Float64Array.of(1, 2, 3, 4)) // [[1, 2], [3, 4]]
 */
export function matrix(rows: number, cols: number, data?: Float64Array): Matrix {
  for (const side of [rows, cols]) {
    if (Number.isInteger(side) && side >= 0) continue
    throw new FedError('shape-mismatch', `matrix: a side must be an integer >= 0, got ${side}`)
  }
  if (data !== undefined && data.length !== rows * cols) throw new ShapeError('matrix data', rows * cols, data.length)
  return { rows, cols, data: data ?? new Float64Array(rows * cols) }
}

/** A float64 copy of a row-major float32 tensor; every float32 is kept exactly. */
export function fromFloat32(rows: number, cols: number, values: Float32Array): Matrix {
  return matrix(rows, cols, Float64Array.from(values))
}

/** The entries rounded to float32 (nearest, ties to even), row-major. */
export function toFloat32(a: Matrix): Float32Array {
  return Float32Array.from(a.data)
}

export function identity(size: number): Matrix {
  const result = matrix(size, size)
  for (let i = 0; i < size; i++) result.data[i * size + i] = 1
  return result
}

export function transpose(a: Matrix): Matrix {
  const { rows, cols, data } = a
  const result = new Float64Array(data.length)
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) result[j * rows + i] = data[i * cols + j]!
  }
  return { rows: cols, cols: rows, data: result }
}

/** The first `count` columns, copied. */
export function leadingColumns(a: Matrix, count: number): Matrix {
  if (!(count <= a.cols)) throw new ShapeError('leadingColumns: count', a.cols, count)
  const result = matrix(a.rows, count)
  for (let i = 0; i < a.rows; i++) {
    result.data.set(a.data.subarray(i * a.cols, i * a.cols + count), i * count)
  }
  return result
}

/** max |a_ij|; 0 for an empty matrix. @throws {FedError} `not-finite`: an entry is NaN or infinite; names `what`. */
export function maxAbsFinite(a: Matrix, what: string): number {
  let largest = 0
  for (let i = 0; i < a.data.length; i++) {
    const magnitude = Math.abs(a.data[i]!)
    if (!(magnitude < Number.POSITIVE_INFINITY)) {
      const [row, col] = [Math.floor(i / a.cols), i % a.cols]
      throw new FedError('not-finite', `${what}: entry (${row}, ${col}) is ${a.data[i]}`, { details: { row, col } })
    }
    if (magnitude > largest) largest = magnitude
  }
  return largest
}
