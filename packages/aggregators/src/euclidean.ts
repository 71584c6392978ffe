/** Any vector of numbers, float32 or float64; sums run over the coordinates in their order, in float64. */
export type Vector = Float32Array | Float64Array

/** ‖a − b‖², equal lengths. */
export function squaredDistance(a: Vector, b: Vector): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - b[i]!
    sum += difference * difference
  }
  return sum
}

/** ‖a‖ */
export function norm(a: Vector): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * a[i]!
  return Math.sqrt(sum)
}

/** Σ wᵢ xᵢ / Σ wᵢ, the vectors added in their order; one weight a vector. */
export function mean(
  vectors: readonly Vector[],
  weights: ArrayLike<number> = new Uint8Array(vectors.length).fill(1),
): Float64Array {
  const result = new Float64Array(vectors[0]!.length)
  let total = 0
  for (const [index, vector] of vectors.entries()) {
    const weight = weights[index]!
    total += weight
    for (let i = 0; i < result.length; i++) result[i] = result[i]! + weight * vector[i]!
  }
  return result.map((sum) => sum / total)
}
