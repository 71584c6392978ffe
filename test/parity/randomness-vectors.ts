import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { BasisDistribution, BasisStart } from '@tessera/math'
import { describe, expect, it } from 'vitest'

interface BasisVectors {
  readonly entries: readonly (BasisStart & { readonly steps: readonly number[] })[]
  readonly combination: { readonly first: readonly string[]; readonly sha256: string }
  readonly projection: readonly string[]
}

/** A stream's key as JSON and pages can carry it: the seed in hexadecimal. */
export interface WrittenKey {
  readonly seed: string
  readonly purpose: string
  readonly round: number
  readonly client: number
  readonly block: number
}

/** The JSON of PROTOCOL.md's section on shared randomness. */
interface Vectors {
  readonly key: WrittenKey
  readonly words: readonly { readonly vector: number; readonly first: readonly string[] }[]
  readonly combined: BasisStart & { readonly values: number; readonly coefficients: readonly string[] }
  readonly bases: Readonly<Record<BasisDistribution, BasisVectors>>
}

const protocol = readFileSync(new URL('../../packages/protocol/PROTOCOL.md', import.meta.url), 'utf8')
const vectors: Vectors = JSON.parse(/<!-- vectors -->\s+```json\n(.*?)```/s.exec(protocol)?.[1] ?? 'null')

/** Which basis, from where on. */
export interface BasisRequest extends BasisStart {
  readonly key: WrittenKey
  readonly distribution: BasisDistribution
}

/** A place that makes random numbers, possibly in another process: plain numbers go in and out. */
export interface RandomnessUnderTest {
  /** The eight words from word 2^34 · vector of a stream on. */
  words(key: WrittenKey, vector: number): Promise<readonly number[]>
  combined(
    request: BasisRequest,
    values: readonly number[],
    coefficients: readonly number[],
  ): Promise<readonly number[]>
}

/** One that also projects, which takes sums in float64. */
export interface ProjectionUnderTest {
  projected(request: BasisRequest, values: readonly number[], count: number): Promise<readonly number[]>
}

const hex = (word: number): string => `0x${word.toString(16).padStart(8, '0')}`
const bits = (values: Float32Array): string[] => Array.from(new Uint32Array(values.slice().buffer), hex)
const floats = (words: readonly string[]): number[] =>
  Array.from(new Float32Array(Uint32Array.from(words, (word) => Number(word)).buffer))
const STEP: Readonly<Record<BasisDistribution, number>> = { uniform: 2 ** -16, rademacher: 1, bell: 10033 / 2 ** 21 }

const { key, combined } = vectors
const bases = Object.entries(vectors.bases) as [BasisDistribution, BasisVectors][]
const values = Array.from({ length: combined.values }, (_, i) => ((i % 7) - 3) / 8)
const coefficients = floats(combined.coefficients)

/** PROTOCOL.md's vectors of streams, bases and combinations, bit for bit. */
export function describeRandomness(name: string, subject: () => RandomnessUnderTest): void {
  describe(`the vectors of PROTOCOL.md, ${name},`, () => {
    it.each(vectors.words)('are the words of vector $vector', async ({ vector, first }) => {
      expect(Array.from(await subject().words(key, vector), hex)).toEqual(first)
    })

    for (const [distribution, expected] of bases) {
      it.each(expected.entries)(`are ${distribution} entries $entry and on of vector $vector`, async (place) => {
        const request = { key, distribution, vector: place.vector, entry: place.entry }
        const made = await subject().combined(request, new Array<number>(8).fill(0), [1])
        expect(made.map((entry) => entry / STEP[distribution])).toEqual(place.steps)
      })

      it(`are a combination of ${distribution} vectors`, async () => {
        const { vector, entry } = combined
        const made = await subject().combined({ key, distribution, vector, entry }, values, coefficients)
        const floats32 = Float32Array.from(made)
        expect(bits(floats32.subarray(0, 4))).toEqual(expected.combination.first)
        const hash = createHash('sha256').update(new Uint8Array(floats32.buffer)).digest('hex')
        expect(hash).toBe(expected.combination.sha256)
      })
    }
  })
}

/** PROTOCOL.md's vectors of projections, bit for bit. */
export function describeProjections(name: string, subject: () => ProjectionUnderTest): void {
  describe(`the vectors of PROTOCOL.md, ${name},`, () => {
    for (const [distribution, expected] of bases) {
      it(`are the projection onto ${distribution} vectors`, async () => {
        const { vector, entry } = combined
        const request = { key, distribution, vector, entry }
        const made = await subject().projected(request, values, coefficients.length)
        expect(bits(Float32Array.from(made))).toEqual(expected.projection)
      })
    }
  })
}
