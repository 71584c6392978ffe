import {
  leadingColumns,
  type Matrix,
  matrix,
  multiplyRightTransposed,
  type RandomStream,
  randomizedSvd,
  type Svd,
} from '@tessera/math'

/** A measured matrix, as far as it is known. */
export interface Measured {
  /** Its first singular triples; a sketch has no more of them than it was asked for. */
  leading(rank: number): Svd
  /** The matrix itself, or the best that a sketch tells of it. */
  whole(): Matrix
}

/** A matrix that was measured in full; `random` is for its singular vectors. */
export const measuredInFull = (whole: Matrix, random: RandomStream): Measured => ({
  leading: (rank) => randomizedSvd(whole, { rank, random, powerPasses: 4 }),
  whole: () => whole,
})

/** A matrix of which a sketch gave the leading triples. */
export const measuredTriples = (triples: Svd): Measured => ({
  leading: (rank) => leading(triples, rank),
  whole: () => product(triples),
})

/**
 * A positive semidefinite matrix C of which a sketch gave the leading eigenvectors V, their values and the trace. What is
 * left of the trace is taken to lie evenly outside of V, as in probabilistic PCA: C ≈ V diag(s) Vᵀ + σ² (I − V Vᵀ).
 * Tipping and Bishop 1999 (https://doi.org/10.1111/1467-9868.00196).
 */
export function measuredCovariance(s: Float64Array, v: Matrix, trace: number): Measured {
  return {
    leading: (rank) => leading({ u: v, s, v }, rank),
    whole() {
      const outside = v.rows - v.cols
      const rest = s.reduce((left, value) => left - value, trace)
      const noise = outside > 0 ? Math.max(0, rest / outside) : 0
      const whole = product({ u: v, s: s.map((value) => value - noise), v })
      for (let i = 0; i < whole.rows; i++) whole.data[i * whole.cols + i] += noise
      return whole
    },
  }
}

const leading = ({ u, s, v }: Svd, rank: number): Svd => ({
  u: leadingColumns(u, rank),
  s: s.slice(0, rank),
  v: leadingColumns(v, rank),
})

/** U diag(s) Vᵀ */
function product({ u, s, v }: Svd): Matrix {
  const scaled = matrix(
    u.rows,
    u.cols,
    u.data.map((value, at) => value * s[at % s.length]),
  )
  return multiplyRightTransposed(scaled, v)
}

/** Σ of the diagonal of a square matrix. */
export function traceOf({ rows, cols, data }: Matrix): number {
  let trace = 0
  for (let i = 0; i < rows; i++) trace += data[i * cols + i]
  return trace
}
