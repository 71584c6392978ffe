/** How a reconstruction lies to what it stands for: cosine, and ‖reconstruction - truth‖ / ‖truth‖; in float64. */
export function compareReconstruction(
  reconstruction: Float32Array,
  truth: Float32Array,
): { readonly cosine: number; readonly error: number } {
  let [dot, own, other, gap] = [0, 0, 0, 0]
  for (const [at, value] of truth.entries()) {
    const made = reconstruction[at]!
    dot += made * value
    own += made * made
    other += value * value
    gap += (made - value) * (made - value)
  }
  return { cosine: dot / Math.sqrt(own * other || 1), error: Math.sqrt(gap / (other || 1)) }
}
