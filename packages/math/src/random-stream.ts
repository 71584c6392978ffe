import { FedError } from '@tessera/vocabulary'
import { philox4x32Into } from './philox.ts'
import { type StreamKey, streamOrigin } from './stream-key.ts'

/**
 * Random numbers that everyone with the same `StreamKey` draws alike, in Node, a browser or a shader: 32-bit words
 * of Philox, mapped to numbers by exactly rounded operations only. Every draw advances `position` by the words it
 * used; `at` does not.
 */
export interface RandomStream {
  /** Index of the next word. */
  readonly position: number
  /** Word `index`, an unsigned 32-bit integer, wherever the stream stands. */
  at(index: number): number
  /** The next word. */
  uint32(): number
  /** floor(word / 2^8) / 2^24: uniform on the 2^24 float32 numbers k / 2^24 in [0, 1). One word. */
  uniform(): number
  /**
   * (2 floor(word / 2^8) + 1 - 2^24) / 2^24: uniform on the odd multiples of 2^-24 in (-1, 1), each a float32.
   * Mean exactly 0, variance (1 - 2^-48) / 3. One word.
   */
  symmetricUniform(): number
  /** +1 where the word's top bit is 0, else -1. One word. */
  rademacher(): number
  /**
   * Half the sum of twelve `symmetricUniform`, exact in float64: mean 0, variance 1 - 2^-48, within (-6, 6),
   * fourth moment 2.9.
   * A bell shape, not a normal distribution: never noise for privacy. Twelve words.
   */
  bell(): number
  /** Uniform on 0..bound - 1 without bias, 1 <= bound <= 2^32: word mod bound, words past the last multiple skipped. */
  below(bound: number): number
  /** A uniformly shuffled copy (Fisher and Yates, from the end). */
  shuffle<Item>(items: readonly Item[]): Item[]
  /** `count` different items in random order, each choice equally likely; all of them is a shuffle. */
  sample<Item>(items: readonly Item[], count: number): Item[]
  /**
   * Each entry = the float32 product bound * symmetricUniform(), `bound` being rounded to float32 first: one exact
   * product, one rounding, as a shader does it. One word an entry.
   */
  fillUniform(target: Float32Array, bound: number): void
}

const TWO_24 = 16777216
const TWO_32 = 4294967296

/**
 * @param key Which stream; see `streamOrigin` for the exact derivation.
 * @param position Index of the first word to draw, an integer in 0..2^53 - 1; 0 by default.
 * @throws {FedError} `invalid-argument`: a part of the key, or the position, is outside its range.
 * @example createRandomStream({ seed: 7, purpose: 'cohort', round: 1, client: 0, block: 0 }).sample(ids, 10)
 */
export function createRandomStream(key: StreamKey, position = 0): RandomStream {
  const words = createWords(key)
  let next = integerWithin('position', position, Number.MAX_SAFE_INTEGER)

  const uint32 = (): number => words(next++)
  const symmetricUniform = (): number => toSymmetric(words(next++))
  const below = (bound: number): number => {
    if (!(bound >= 1)) throw new FedError('invalid-argument', `below: the bound must be at least 1, got ${bound}`)
    const limit = TWO_32 - (TWO_32 % integerWithin('bound', bound, TWO_32))
    let word = uint32()
    while (word >= limit) word = uint32()
    return word % bound
  }
  return {
    get position() {
      return next
    },
    at: (index) => words(integerWithin('index', index, Number.MAX_SAFE_INTEGER)),
    uint32,
    uniform: () => (uint32() >>> 8) / TWO_24,
    symmetricUniform,
    rademacher: () => (uint32() >>> 31 === 0 ? 1 : -1),
    bell: () => {
      let sum = 0
      for (let i = 0; i < 12; i++) sum += symmetricUniform()
      return sum / 2
    },
    below,
    shuffle: (items) => shuffled(items, below),
    sample: (items, count) => sampled(items, count, below),
    fillUniform: (target, bound) => {
      const rounded = Math.fround(bound)
      for (let i = 0; i < target.length; i++) target[i] = rounded * toSymmetric(words(next + i))
      next += target.length
    },
  }
}

const toSymmetric = (word: number): number => (2 * (word >>> 8) + 1 - TWO_24) / TWO_24

/** Word by index, keeping the last block of four. */
function createWords(key: StreamKey): (index: number) => number {
  const { key: streamKey, tail } = streamOrigin(key)
  const block = new Uint32Array(4)
  let held = -1
  return (index) => {
    const wanted = Math.floor(index / 4)
    if (wanted !== held) {
      block[0] = wanted
      block[1] = wanted / TWO_32
      block[2] = tail[0]
      block[3] = tail[1]
      philox4x32Into(block, streamKey[0], streamKey[1])
      held = wanted
    }
    return block[index & 3]!
  }
}

function shuffled<Item>(items: readonly Item[], below: (bound: number) => number): Item[] {
  const result = [...items]
  for (let last = result.length - 1; last > 0; last--) swapInto(result, last, below(last + 1))
  return result
}

function sampled<Item>(items: readonly Item[], count: number, below: (bound: number) => number): Item[] {
  integerWithin('sample count', count, items.length)
  const result = [...items]
  for (let i = 0; i < count; i++) swapInto(result, i, i + below(result.length - i))
  return result.slice(0, count)
}

function swapInto<Item>(items: Item[], i: number, j: number): void {
  const item = items[i]!
  items[i] = items[j]!
  items[j] = item
}

function integerWithin(name: string, value: number, limit: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= limit) return value
  throw new FedError('invalid-argument', `${name} must be an integer in 0..${limit}, got ${value}`)
}
