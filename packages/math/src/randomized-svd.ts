import { FedError } from '@tessera/vocabulary'
import { orientColumnsInto } from './column-signs.ts'
import { leadingColumns, type Matrix, matrix } from './matrix.ts'
import { multiply, multiplyLeftTransposed } from './matrix-product.ts'
import { qr } from './qr.ts'
import type { RandomStream } from './random-stream.ts'
import { type Svd, svd } from './svd.ts'

export interface RandomizedSvdOptions {
  /** How many singular triples to return, 1 <= rank <= min(m, n). */
  readonly rank: number
  /** Extra columns of the sketch; 8 by default. Never more than min(m, n) columns in all. */
  readonly oversample?: number
  /** Power iterations, each orthonormalised twice; more of them sharpen slowly decaying spectra. 2 by default. */
  readonly powerPasses?: number
  /** Where the test matrix comes from: one word an entry. The same stream gives the same bytes. */
  readonly random: RandomStream
}

/**
 * Truncated SVD by randomised range finding: Q = orth((A Aᵀ)^p A Ω), then the SVD of the small Qᵀ A.
 * For rank r, oversampling p and a sharp spectrum the error is close to the best possible, s_{r+1}; columns of U and V
 * stay orthonormal whatever the rank of A. Signs follow the rule of `svd`.
 *
 * Halko, Martinsson and Tropp 2011, algorithms 4.4 and 5.1 (https://arxiv.org/abs/0909.4061).
 *
 * @param a Shape [m, n]. Not modified.
 * @returns u [m, rank], s [rank], v [n, rank].
 * @throws {FedError} `rank-too-large`: rank is not an integer in 1..min(m, n); `not-finite`; `not-converged`.
 */
export function randomizedSvd(a: Matrix, options: RandomizedSvdOptions): Svd {
  const { rank, oversample = 8, powerPasses = 2, random } = options
  const limit = Math.min(a.rows, a.cols)
  if (!(Number.isInteger(rank) && rank >= 1 && rank <= limit)) {
    throw new FedError('rank-too-large', `randomizedSvd: rank must be an integer in 1..${limit}, got ${rank}`, {
      details: { rank, limit },
    })
  }
  const basis = rangeBasis(a, sketchMatrix(a.cols, Math.min(limit, rank + oversample), random), powerPasses)
  const small = svd(multiplyLeftTransposed(basis, a))
  const u = multiply(basis, leadingColumns(small.u, rank))
  const v = leadingColumns(small.v, rank)
  orientColumnsInto(u, v)
  return { u, s: small.s.slice(0, rank), v }
}

/** The test matrix Ω, shape [rows, cols], entries uniform in (-1, 1), drawn row by row, one word each. */
export function sketchMatrix(rows: number, cols: number, random: RandomStream): Matrix {
  const result = matrix(rows, cols)
  for (let i = 0; i < result.data.length; i++) result.data[i] = random.symmetricUniform()
  return result
}

/** Orthonormal columns that span the range of A Ω after the given power passes, shape [m, cols of Ω]. */
export function rangeBasis(a: Matrix, sketch: Matrix, powerPasses: number): Matrix {
  let basis = qr(multiply(a, sketch)).q
  for (let pass = 0; pass < powerPasses; pass++) {
    const cobasis = qr(multiplyLeftTransposed(a, basis)).q
    basis = qr(multiply(a, cobasis)).q
  }
  return basis
}
