import { type OpenedWebgpuBasis, openWebgpuBasis } from '@tessera/compiler'
import { addCombination, createRandomStream, projectOnto, streamOrigin } from '@tessera/math'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BasisRequest, describeProjections, describeRandomness, type WrittenKey } from './randomness-vectors.ts'
import { emulateMissingGpu, needsVulkan } from './software-vulkan.ts'

let gpu: OpenedWebgpuBasis

beforeAll(async () => {
  emulateMissingGpu()
  gpu = await openWebgpuBasis().catch(needsVulkan)
})
afterAll(() => gpu?.dispose())

const keyOf = (written: WrittenKey) => ({ ...written, seed: BigInt(written.seed) })

const node = {
  words: async (key: WrittenKey, vector: number) => {
    const stream = createRandomStream(keyOf(key), 2 ** 34 * vector)
    return Array.from({ length: 8 }, stream.uint32)
  },
  combined: async ({ key, distribution, ...start }: BasisRequest, values: readonly number[], c: readonly number[]) => {
    const target = Float32Array.from(values)
    addCombination(target, { key: keyOf(key), distribution }, Float32Array.from(c), start)
    return Array.from(target)
  },
  projected: async ({ key, distribution, ...start }: BasisRequest, values: readonly number[], count: number) =>
    Array.from(projectOnto({ key: keyOf(key), distribution }, Float32Array.from(values), count, start)),
}

describeRandomness('in Node', () => node)
describeProjections('in Node', () => node)

describeRandomness('on WebGPU', () => ({
  words: async (key, vector) => Array.from(await gpu.words(streamOrigin(keyOf(key)), vector, 2)),
  combined: async ({ key, ...place }, values, coefficients) =>
    Array.from(
      await gpu.combined(
        Float32Array.from(values),
        { ...place, origin: streamOrigin(keyOf(key)) },
        Float32Array.from(coefficients),
      ),
    ),
}))

describe('random bases on WebGPU', () => {
  const key = { seed: 11, purpose: 'ferret-basis', round: 1, client: 0, block: 4 }

  it('say on which adapter they are made', () => {
    expect(gpu.description).toMatch(/^WebGPU on \w+/)
  })

  it('combine to the bytes of this processor, whatever the part, the values and the coefficients', async () => {
    // Normal numbers only: what is smaller than 2^-126 a GPU may round to 0.
    const number = fc.float({ min: -1024, max: 1024, noNaN: true }).filter((x) => x === 0 || Math.abs(x) > 2 ** -60)
    const cases = fc.record({
      distribution: fc.constantFrom('uniform' as const, 'rademacher' as const, 'bell' as const),
      values: fc.array(number, { minLength: 1, maxLength: 2000 }),
      coefficients: fc.array(number, { maxLength: 70 }),
      vector: fc.nat({ max: 2 ** 31 }),
      entry: fc.oneof(fc.nat({ max: 3000 }), fc.nat({ max: 2 ** 32 - 2000 })),
    })
    await fc.assert(
      fc.asyncProperty(cases, async ({ distribution, values, coefficients, vector, entry }) => {
        const [here, there] = [Float32Array.from(values), Float32Array.from(values)]
        addCombination(here, { key, distribution }, Float32Array.from(coefficients), { vector, entry })
        const place = { origin: streamOrigin(key), distribution, vector, entry }
        expect(await gpu.combined(there, place, Float32Array.from(coefficients))).toEqual(here)
        expect(there).toEqual(Float32Array.from(values))
      }),
      { numRuns: 40 },
    )
  })

  it('combine a target longer than one dispatch', async () => {
    const length = 2 ** 22 + 1001
    const here = new Float32Array(length)
    addCombination(here, { key, distribution: 'uniform' }, Float32Array.of(0.3), { entry: 5 })
    const place = { origin: streamOrigin(key), distribution: 'uniform' as const, entry: 5 }
    const there = await gpu.combined(new Float32Array(length), place, Float32Array.of(0.3))
    expect(Buffer.from(there.buffer).equals(Buffer.from(here.buffer))).toBe(true)
  })

  it('are refused, and not made up, once the device is gone', async () => {
    const other = await openWebgpuBasis()
    other.dispose()
    await expect(other.words(streamOrigin(key), 0, 1)).rejects.toMatchObject({ code: 'device-missing' })
  })

  it('change nothing without coefficients, and take an empty target', async () => {
    const place = { origin: streamOrigin(key), distribution: 'bell' as const }
    expect(Array.from(await gpu.combined(Float32Array.of(1, 2), place, new Float32Array(0)))).toEqual([1, 2])
    expect(await gpu.combined(new Float32Array(0), place, Float32Array.of(1))).toHaveLength(0)
  })
})
