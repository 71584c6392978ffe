import { combineShader, ENTRY_SHADERS, WORDS_SHADER } from './basis-shader.ts'
import { createShaderRuns } from './shader-run.ts'

/** Philox's key and the last two words of its counters, as `streamOrigin` of the math room gives them. */
export interface StreamPlace {
  readonly key: readonly [number, number]
  readonly tail: readonly [number, number]
}

/** A basis, and its first vector and entry; both 0 by default. */
export interface BasisPlace {
  readonly origin: StreamPlace
  readonly distribution: keyof typeof ENTRY_SHADERS
  readonly vector?: number
  readonly entry?: number
}

/**
 * Random bases on a GPU: the math room's numbers, bit for bit. Both reject with `device-missing` where the device does
 * not run the shaders.
 */
export interface WebgpuBasis {
  /** Words 2^34 · vector and on of a stream: `blocks` times four, the words of counters 0, 1, … */
  words(origin: StreamPlace, vector: number, blocks: number): Promise<Uint32Array>
  /**
   * `target` + Σ_k coefficients[k] · v_{vector + k}, as `addCombination` of the math room: the same bytes, as long as
   * no product or sum is smaller than 2^-126 but 0 (a GPU may then round to 0). The target is not modified.
   */
  combined(target: Float32Array, basis: BasisPlace, coefficients: Float32Array): Promise<Float32Array>
}

/** Entries, and vectors, of one dispatch: 16 MB of target, and short enough for a driver's watchdog. */
const PIECE = 2 ** 22
const VECTORS = 64

/** @param device Stays the caller's, who destroys it. */
export function createWebgpuBasis(device: GPUDevice): WebgpuBasis {
  const run = createShaderRuns(device)
  return {
    words: async ({ key, tail }, vector, blocks) => {
      const shader = run(WORDS_SHADER, new Uint32Array(4 * blocks))
      shader.dispatch(Uint32Array.of(...key, ...tail, vector, 0, 0, 0, 0, 0), blocks)
      return new Uint32Array(await shader.finish())
    },

    combined: async (target, { origin, distribution, vector = 0, entry = 0 }, coefficients) => {
      const group = 4 * ENTRY_SHADERS[distribution].entries
      const code = combineShader(ENTRY_SHADERS[distribution])
      const result = Float32Array.from(target)
      for (let at = 0; at < target.length; at += PIECE) {
        const piece = result.subarray(at, at + PIECE)
        const skip = (entry + at) % group
        const first = (entry + at - skip) / group
        const shader = run(code, piece)
        for (let k = 0; k < coefficients.length; k += VECTORS) {
          const some = coefficients.slice(k, k + VECTORS)
          const place = [vector + k, some.length, first, skip, piece.length]
          const params = Uint32Array.of(...origin.key, ...origin.tail, ...place, 0)
          shader.dispatch(params, 4 * Math.ceil((skip + piece.length) / group), some)
        }
        piece.set(new Float32Array(await shader.finish()))
      }
      return result
    },
  }
}
