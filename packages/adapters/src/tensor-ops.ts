export type Shape = readonly number[]

export interface MatMulFlags {
  readonly transposeA?: boolean
  readonly transposeB?: boolean
}

/**
 * What the forward pass of every adapter is written in, once: float64 arrays compute laws, merges and exports with it,
 * tfjs the compiled training step. Tensors have up to four axes, row-major; nothing is mutated.
 */
export interface TensorOps<T> {
  /** a · b of matrices [n, k] and [k, m], either of them taken transposed; of stacks [s, n, k], [s, k, m] one by one. */
  matMul(a: T, b: T, flags?: MatMulFlags): T
  /** Element by element; an axis of length 1, or one that is missing in front, repeats. */
  add(a: T, b: T): T
  sub(a: T, b: T): T
  mul(a: T, b: T): T
  div(a: T, b: T): T
  scale(a: T, factor: number): T
  /** Over one axis, which stays with length 1. */
  sum(a: T, axis: number): T
  /** One length may be −1: what is left. */
  reshape(a: T, shape: Shape): T
  transpose(a: T, axes: Shape): T
  concat(parts: readonly T[], axis: number): T
  slice(a: T, begin: Shape, size: Shape): T
  /** Zeros of [rows, cols] with values [1, n] put at positions [2, n] (row numbers, then column numbers), all different. */
  scatter(values: T, positions: T, shape: readonly [number, number]): T
}
