import type { RotaryTables } from './architecture.ts'

export interface RotaryConfig {
  readonly head_dim: number
  readonly rope_theta: number
}

/**
 * Tables of rotary position embeddings: angle(p, i) = p · theta^(-2i / headDim) for i < headDim / 2, once for each half.
 * The first half of `sin` is negated, so that rotating is x · cos + swapHalves(x) · sin. Angles are float64.
 *
 * Paper: Su et al. 2021 (https://arxiv.org/abs/2104.09864), in the half-split order of the Llama checkpoints.
 *
 * @param positions Position of every token, length n.
 * @returns cos and sin, each [n, headDim] row-major.
 */
export function rotaryTables({ head_dim, rope_theta }: RotaryConfig, positions: readonly number[]): RotaryTables {
  const half = head_dim / 2
  const cos = new Float32Array(positions.length * head_dim)
  const sin = new Float32Array(positions.length * head_dim)
  for (const [row, position] of positions.entries()) {
    for (let i = 0; i < half; i++) {
      const angle = position * rope_theta ** ((-2 * i) / head_dim)
      const at = row * head_dim + i
      cos[at] = cos[at + half] = Math.cos(angle)
      sin[at] = -Math.sin(angle)
      sin[at + half] = Math.sin(angle)
    }
  }
  return { cos, sin }
}
