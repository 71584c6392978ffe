import { FedError } from '@tessera/vocabulary'
import { type Matrix, matrix, maxAbsFinite } from './matrix.ts'

export interface LuFactors {
  /** P⁻¹ L, shape [m, k]: columns in the order of elimination, rows in the order of the input; entries within [−1, 1]. */
  readonly l: Matrix
  /** Upper triangular, shape [k, n]. */
  readonly u: Matrix
  /** The input's row that each step took as its pivot. */
  readonly pivots: readonly number[]
}

/**
 * The first k steps of Gaussian elimination with partial pivoting, A ≈ l u, in float64 with only + - * /, so that
 * every engine gives the same bytes. The pivot is the largest entry of its column by magnitude, the first row of the
 * input among equal ones. With k = min(m, n), the default, l u = A; with fewer steps the two agree in the pivot rows and
 * in the first k columns.
 *
 * Golub and Van Loan, Matrix Computations, 4th ed., algorithm 3.4.1.
 *
 * @param a Shape [m, n], any m and n. Not modified.
 * @throws {FedError} `not-finite`: an entry is NaN or infinite; `invalid-argument`: steps outside 0..min(m, n).
 * @example lu(matrix(2, 2, Float64Array.of(1, 2, 2, 2))) // l = [[0.5, 1], [1, 0]], u = [[2, 2], [0, 1]]
 */
export function lu(a: Matrix, steps = Math.min(a.rows, a.cols)): LuFactors {
  if (!Number.isInteger(steps) || steps < 0 || steps > Math.min(a.rows, a.cols)) {
    throw new FedError('invalid-argument', `lu: steps must be in 0..${Math.min(a.rows, a.cols)}, got ${steps}`)
  }
  maxAbsFinite(a, 'lu')
  const rest = a.data.slice()
  const open = new Set(Array(a.rows).keys())
  const [l, u] = [matrix(a.rows, steps), matrix(steps, a.cols)]
  const pivots: number[] = []
  for (let step = 0; step < steps; step++) {
    const pivot = largestInColumn({ ...a, data: rest }, step, open)
    pivots.push(pivot)
    open.delete(pivot)
    const row = rest.subarray(pivot * a.cols, (pivot + 1) * a.cols)
    u.data.set(row.subarray(step), step * a.cols + step)
    l.data[pivot * steps + step] = 1
    for (const other of open) l.data[other * steps + step] = eliminateInto(rest, other * a.cols, row, step)
  }
  return { l, u, pivots }
}

function largestInColumn({ cols, data }: Matrix, column: number, rows: Iterable<number>): number {
  let [pivot, largest] = [-1, -1]
  for (const row of rows) {
    const magnitude = Math.abs(data[row * cols + column]!)
    if (magnitude > largest) [pivot, largest] = [row, magnitude]
  }
  return pivot
}

/** The row at `offset` minus its multiple of the pivot row from column `step` on; a column of zeros stays. */
function eliminateInto(data: Float64Array, offset: number, pivotRow: Float64Array, step: number): number {
  const pivot = pivotRow[step]!
  if (pivot === 0) return 0
  const factor = data[offset + step]! / pivot
  data[offset + step] = 0
  for (let j = step + 1; j < pivotRow.length; j++) data[offset + j]! -= factor * pivotRow[j]!
  return factor
}
