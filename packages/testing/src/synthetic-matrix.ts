import type { Spectrum } from '@tessera/adapters'
import {
  createRandomStream,
  leadingColumns,
  type Matrix,
  matrix,
  multiplyRightTransposed,
  orientColumnsInto,
  qr,
  type RandomStream,
  type Svd,
  svd,
  toFloat32,
  transpose,
} from '@tessera/math'

/** A stream for one test; tests that name different seeds share no numbers. */
export const testRandom = (seed: number): RandomStream =>
  createRandomStream({ seed, purpose: 'test', round: 0, client: 0, block: 0 })

/** Entries uniform in (−1, 1). */
export function randomMatrix(rows: number, cols: number, random: RandomStream): Matrix {
  const result = matrix(rows, cols)
  for (let at = 0; at < result.data.length; at++) result.data[at] = random.symmetricUniform()
  return result
}

/** M = U diag(s) Vᵀ with random orthonormal U, V and the singular values that are asked for, and these three. */
export function matrixOfSpectrum(
  { rows, cols }: Pick<Matrix, 'rows' | 'cols'>,
  s: readonly number[],
  random: RandomStream,
): { readonly matrix: Matrix; readonly svd: Svd } {
  const u = qr(randomMatrix(rows, s.length, random)).q
  const v = qr(randomMatrix(cols, s.length, random)).q
  orientColumnsInto(u, v)
  const scaled = matrix(
    rows,
    s.length,
    u.data.map((value, at) => value * s[at % s.length]!),
  )
  return { matrix: multiplyRightTransposed(scaled, v), svd: { u, s: Float64Array.from(s), v } }
}

/** The exact truncated SVD of a matrix in the form that initialisations give. */
export function exactSpectrum(m: Matrix, rank: number): Spectrum {
  const { u, s, v } = svd(m)
  return {
    u: toFloat32(leadingColumns(u, rank)),
    s: Float32Array.from(s.subarray(0, rank)),
    vT: toFloat32(transpose(leadingColumns(v, rank))),
    start: 'zero',
  }
}
