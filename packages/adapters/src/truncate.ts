import { leadingColumns, type Matrix, matrix, type Svd, toFloat32, transpose } from '@tessera/math'
import type { Spectrum } from './spectrum.ts'

/** The first `rank` triples of an SVD { u [m, k], s [k], v [n, k] }, as float32 rows. */
export function spectrumOf({ u, s, v }: Svd, rank: number): Spectrum {
  return {
    u: toFloat32(leadingColumns(u, rank)),
    s: Float32Array.from(s.subarray(0, rank)),
    vT: toFloat32(transpose(leadingColumns(v, rank))),
    start: 'zero',
  }
}

/** `count` columns from column `from` on, copied. */
export function pickColumns({ rows, cols, data }: Matrix, from: number, count: number): Matrix {
  const picked = matrix(rows, count)
  for (let row = 0; row < rows; row++) {
    picked.data.set(data.subarray(row * cols + from, row * cols + from + count), row * count)
  }
  return picked
}
