import { philox4x32Into } from './philox.ts'
import type { StreamOrigin } from './stream-key.ts'

/** What the entries of a basis look like; all are symmetric about 0 and exact in float32. */
export type BasisDistribution = 'uniform' | 'rademacher' | 'bell'

/** Entries that four Philox counters make: a chunk, and the unit of work of every form. */
export const CHUNK_ENTRIES: Readonly<Record<BasisDistribution, number>> = { uniform: 32, rademacher: 512, bell: 8 }

/** The factor of `bell`: 14 bits, so that its product with a sum of eight bytes (11 bits) is exact in float32. */
export const BELL_SCALE = 10033 / 2 ** 21

/**
 * Entries `first`, `first + 1`, … of v_k: the mapping from Philox words to numbers, in the order that suits four
 * counters side by side.
 *
 * Let w(n, j) be word j of Philox(key, counter = [n, k, ...tail]), that is word 2^34 k + 4 n + j of the stream. Four
 * counters make a chunk of C = 32, 512 or 8 entries. In chunk c = floor(i / C), with r = i mod C, entry i has lane
 * l = r mod 4 and place q = floor(r / 4), and is
 *
 * - uniform:    (2 s + 1) / 2^16, s the signed upper (q even) or lower half of w(4 c + l, floor(q / 2))
 * - rademacher: +1 where bit 31 - q mod 32 of w(4 c + l, floor(q / 32)) is 0, else -1
 * - bell:       10033 / 2^21 (S - 1020), S the sum of the eight bytes of w(4 c + l, 2 q) and w(4 c + l, 2 q + 1)
 *
 * @param out Entries first .. first + out.length - 1, both multiples of the distribution's chunk.
 */
export function fillEntriesInto(
  out: Float32Array,
  distribution: BasisDistribution,
  origin: StreamOrigin,
  { vector, first }: { readonly vector: number; readonly first: number },
): void {
  const fill = FILL[distribution]
  const length = CHUNK_ENTRIES[distribution]
  const words = new Uint32Array(4)
  for (let at = 0; at < out.length; at += length) {
    const counter = (4 * (first + at)) / length
    for (let lane = 0; lane < 4; lane++) {
      words[0] = counter + lane
      words[1] = vector
      words[2] = origin.tail[0]
      words[3] = origin.tail[1]
      philox4x32Into(words, origin.key[0], origin.key[1])
      fill(out, at + lane, words)
    }
  }
}

/** What one counter's four words put into the lane of a chunk that starts at `at`. */
const FILL: Readonly<Record<BasisDistribution, (out: Float32Array, at: number, words: Uint32Array) => void>> = {
  uniform: (out, at, words) => {
    for (let j = 0; j < 4; j++) {
      const word = words[j]!
      out[at + 8 * j] = (2 * (word >> 16) + 1) / 65536
      out[at + 8 * j + 4] = (2 * ((word << 16) >> 16) + 1) / 65536
    }
  },
  rademacher: (out, at, words) => {
    for (let q = 0; q < 128; q++) out[at + 4 * q] = 1 - 2 * ((words[q >> 5]! >>> (31 - (q & 31))) & 1)
  },
  bell: (out, at, words) => {
    out[at] = BELL_SCALE * (byteSum(words[0]!) + byteSum(words[1]!) - 1020)
    out[at + 4] = BELL_SCALE * (byteSum(words[2]!) + byteSum(words[3]!) - 1020)
  },
}

const byteSum = (word: number): number => (word & 0xff) + ((word >>> 8) & 0xff) + ((word >>> 16) & 0xff) + (word >>> 24)
