/** The vectors of PROTOCOL.md, made here in Node: `vitest -u` writes them anew, and so changes the protocol. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { BasisDistribution } from './basis-entries.ts'
import { addCombination, projectOnto, type RandomBasis } from './random-basis.ts'
import { createRandomStream } from './random-stream.ts'
import { fnv1a32, type StreamKey, streamOrigin } from './stream-key.ts'

const path = fileURLToPath(new URL('../../protocol/PROTOCOL.md', import.meta.url))
const key: StreamKey = { seed: 0x0123_4567_89ab_cdefn, purpose: 'ferret-basis', round: 3, client: 7, block: 2 }
const STEPS: Readonly<Record<BasisDistribution, readonly [text: string, value: number]>> = {
  uniform: ['1 / 2^16', 2 ** -16],
  rademacher: ['1', 1],
  bell: ['10033 / 2^21', 10033 / 2 ** 21],
}
const PLACES = [
  { vector: 0, entry: 0 },
  { vector: 5, entry: 1000 },
  { vector: 2 ** 32 - 1, entry: 2 ** 32 - 8 },
]
/** Entries 300..1299, value i being (i mod 7 - 3) / 8, and five vectors from v_2 on, coefficient k being 1 / (k + 3). */
const START = { vector: 2, entry: 300 }
const VALUES = Float32Array.from({ length: 1000 }, (_, i) => ((i % 7) - 3) / 8)
const COEFFICIENTS = Float32Array.from({ length: 5 }, (_, k) => 1 / (k + 3))

const hex = (word: number): string => `0x${word.toString(16).padStart(8, '0')}`
const hexes = (words: Iterable<number>): string[] => Array.from(words, hex)
const bits = (values: Float32Array): string[] => hexes(new Uint32Array(values.slice().buffer))

function entriesOf(basis: RandomBasis, start: { vector: number; entry: number }): Float32Array {
  const target = new Float32Array(8)
  addCombination(target, basis, Float32Array.of(1), start)
  return target
}

function basisVectors(distribution: BasisDistribution): object {
  const basis = { key, distribution }
  const [step, value] = STEPS[distribution]
  const combination = VALUES.slice()
  addCombination(combination, basis, COEFFICIENTS, START)
  return {
    step,
    entries: PLACES.map((place) => ({ ...place, steps: Array.from(entriesOf(basis, place), (x) => x / value) })),
    combination: {
      first: bits(combination.subarray(0, 4)),
      sha256: createHash('sha256').update(new Uint8Array(combination.buffer)).digest('hex'),
    },
    projection: bits(projectOnto(basis, VALUES, COEFFICIENTS.length, START)),
  }
}

const firstWords = (vector: number): string[] => {
  const stream = createRandomStream(key, 2 ** 34 * vector)
  return hexes(Array.from({ length: 8 }, stream.uint32))
}

function vectors(): object {
  const origin = streamOrigin(key)
  return {
    key: { ...key, seed: `0x${BigInt(key.seed).toString(16).padStart(16, '0')}` },
    purposeHash: hex(fnv1a32(key.purpose)),
    origin: { key: hexes(origin.key), tail: hexes(origin.tail) },
    words: [0, 5].map((vector) => ({ vector, first: firstWords(vector) })),
    combined: { ...START, values: VALUES.length, coefficients: bits(COEFFICIENTS) },
    bases: {
      uniform: basisVectors('uniform'),
      rademacher: basisVectors('rademacher'),
      bell: basisVectors('bell'),
    },
  }
}

describe('the vectors of PROTOCOL.md', () => {
  it('are what this package computes in Node', async () => {
    const document = readFileSync(path, 'utf8')
    const marked = /(?<=<!-- vectors -->\s+```json\n).*?(?=```\s+<!-- end -->)/s
    expect(document).toMatch(marked)
    const written = JSON.parse(marked.exec(document)?.[0] ?? 'null')
    // The formatter breaks lines; only values count here.
    const agrees = JSON.stringify(written) === JSON.stringify(vectors())
    const current = document.replace(marked, `${JSON.stringify(vectors(), null, 2)}\n`)
    await expect(agrees ? document : current).toMatchFileSnapshot(path)
  })
})
