/**
 * Philox 4x32-10, a counter-based generator: a keyed bijection of 128-bit counters whose outputs are the random
 * numbers, so any of them is computable alone.
 *
 * Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"
 * (https://doi.org/10.1145/2063384.2063405); checked against the known answers published with Random123.
 */

export type Uint32x2 = readonly [number, number]
export type Uint32x4 = readonly [number, number, number, number]

const ROUNDS = 10
const MULTIPLIER_0 = 0xd2511f53
const MULTIPLIER_1 = 0xcd9e8d57
/** What the two key words grow by from round to round. */
export const WEYL: Uint32x2 = [0x9e3779b9, 0xbb67ae85]

/**
 * The four words for one counter.
 *
 * @example philox4x32([0, 0, 0, 0], [0, 0]) // [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]
 */
export function philox4x32(counter: Uint32x4, key: Uint32x2): Uint32x4 {
  const words = Uint32Array.from(counter)
  philox4x32Into(words, key[0], key[1])
  return [words[0]!, words[1]!, words[2]!, words[3]!]
}

/** Replace a counter, four words, by its random words. */
export function philox4x32Into(words: Uint32Array, key0: number, key1: number): void {
  let [a, b, c, d] = [words[0]! | 0, words[1]! | 0, words[2]! | 0, words[3]! | 0]
  let [k0, k1] = [key0 | 0, key1 | 0]
  const [weyl0, weyl1] = WEYL
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, a)
    const high1 = multiplyHigh(MULTIPLIER_1, c)
    const low0 = Math.imul(MULTIPLIER_0, a)
    const low1 = Math.imul(MULTIPLIER_1, c)
    a = high1 ^ b ^ k0
    b = low1
    c = high0 ^ d ^ k1
    d = low0
    k0 = (k0 + weyl0) | 0
    k1 = (k1 + weyl1) | 0
  }
  words[0] = a
  words[1] = b
  words[2] = c
  words[3] = d
}

/** The upper 32 bits of the 64-bit product of two unsigned words, from four 16-bit products; no step overflows. */
function multiplyHigh(x: number, y: number): number {
  const [xLow, xHigh] = [x & 0xffff, x >>> 16]
  const [yLow, yHigh] = [y & 0xffff, y >>> 16]
  const middle = (Math.imul(xHigh, yLow) >>> 0) + (Math.imul(xLow, yLow) >>> 16)
  const upper = (Math.imul(xLow, yHigh) >>> 0) + (middle & 0xffff)
  return (Math.imul(xHigh, yHigh) + (middle >>> 16) + (upper >>> 16)) | 0
}
