/** What the page of shared-randomness.test.ts runs: the two rooms' own code, in a browser. */
import {
  addCombination,
  createRandomStream,
  plainBasis,
  projectOnto,
  type StreamKey,
  streamOrigin,
} from '@tessera/math'
import { createWebgpuBasis, type WebgpuBasis } from '../../packages/compiler/src/random-basis/webgpu-basis.ts'
import { createSimdBasis } from '../../packages/math/src/simd-basis.ts'
import type { BasisRequest, WrittenKey } from '../parity/randomness-vectors.ts'

const keyOf = (written: WrittenKey): StreamKey => ({ ...written, seed: BigInt(written.seed) })

let opened: Promise<{ basis: WebgpuBasis; adapter: string }> | undefined

async function openGpu(): Promise<{ basis: WebgpuBasis; adapter: string }> {
  const adapter = await navigator.gpu.requestAdapter()
  if (adapter === null) throw new Error('this browser has no WebGPU adapter')
  const { vendor, architecture } = adapter.info
  return { basis: createWebgpuBasis(await adapter.requestDevice()), adapter: `${vendor} ${architecture}` }
}

const gpu = (): Promise<{ basis: WebgpuBasis; adapter: string }> => {
  opened ??= openGpu()
  return opened
}

/** Functions of numbers and texts, to be called from outside the page. */
export const randomness = {
  hasSimd: () => createSimdBasis() !== undefined,
  adapter: async () => (await gpu()).adapter,

  words: (key: WrittenKey, vector: number): number[] => {
    const stream = createRandomStream(keyOf(key), 2 ** 34 * vector)
    return Array.from({ length: 8 }, stream.uint32)
  },
  gpuWords: async (key: WrittenKey, vector: number): Promise<number[]> =>
    Array.from(await (await gpu()).basis.words(streamOrigin(keyOf(key)), vector, 2)),

  combined: ({ key, distribution, ...start }: BasisRequest, values: number[], coefficients: number[]): number[] => {
    const target = Float32Array.from(values)
    addCombination(target, { key: keyOf(key), distribution }, Float32Array.from(coefficients), start)
    return Array.from(target)
  },
  plainlyCombined: ({ key, distribution, ...start }: BasisRequest, values: number[], coefficients: number[]) => {
    const target = Float32Array.from(values)
    const basis = { origin: streamOrigin(keyOf(key)), distribution }
    plainBasis.addCombination(target, basis, Float32Array.from(coefficients), start)
    return Array.from(target)
  },
  gpuCombined: async ({ key, ...place }: BasisRequest, values: number[], coefficients: number[]): Promise<number[]> => {
    const { basis } = await gpu()
    const at = { ...place, origin: streamOrigin(keyOf(key)) }
    return Array.from(await basis.combined(Float32Array.from(values), at, Float32Array.from(coefficients)))
  },

  projected: ({ key, distribution, ...start }: BasisRequest, values: number[], count: number): number[] =>
    Array.from(projectOnto({ key: keyOf(key), distribution }, Float32Array.from(values), count, start)),
}

Object.assign(globalThis, { randomness })
