import { ShapeError } from '@tessera/vocabulary'
import { type Matrix, matrix } from './matrix.ts'

/**
 * [M₁ M₂ …] of matrices with equally many rows, shapes [m, nᵢ] -> [m, Σ nᵢ]; [0, 0] for none.
 *
 * @throws {ShapeError} the row counts differ.
 */
export function beside(parts: readonly Matrix[]): Matrix {
  const rows = parts[0]?.rows ?? 0
  const cols = parts.reduce((sum, part) => sum + part.cols, 0)
  const wide = matrix(rows, cols)
  let start = 0
  for (const part of parts) {
    if (part.rows !== rows) throw new ShapeError('beside: rows', rows, part.rows)
    for (let row = 0; row < rows; row++) {
      wide.data.set(part.data.subarray(row * part.cols, (row + 1) * part.cols), row * cols + start)
    }
    start += part.cols
  }
  return wide
}

/** factor · A */
export function scaled(a: Matrix, factor: number): Matrix {
  return { ...a, data: a.data.map((value) => factor * value) }
}
