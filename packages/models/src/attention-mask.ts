/** Finite, so that a row without any allowed key gives uniform attention instead of NaN. */
export const FORBIDDEN = -1e9

/**
 * Additive causal mask, [length, length]: 0 where key <= query, `FORBIDDEN` after. Rows that are padded at their end
 * need no more than this: no real token looks at the padding after it, and the loss gives padding no weight.
 */
export function causalMask(length: number): Float32Array {
  const mask = new Float32Array(length * length)
  for (let query = 0; query < length; query++) mask.fill(FORBIDDEN, query * length + query + 1, (query + 1) * length)
  return mask
}
