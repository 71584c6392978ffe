import { type DeflateBits, notDeflate } from './deflate-bits.ts'

const LONGEST_WORD = 15

/** A canonical Huffman code. RFC 1951, 3.2.2. */
export interface HuffmanCode {
  /** How many words have so many bits. */
  readonly counts: Uint16Array
  /** By the order of their words. */
  readonly symbols: Uint16Array
}

/**
 * The code whose symbol i has a word of `lengths[i]` bits, 0 for none.
 *
 * @throws {FedError} There are more words than fit, or fewer than there have to be: only a code of one word of one bit,
 * or of none, may leave room.
 */
export function huffmanCode(lengths: Uint8Array): HuffmanCode {
  const counts = new Uint16Array(LONGEST_WORD + 1)
  for (const length of lengths) counts[length]! += 1
  const used = lengths.length - counts[0]!
  requireWhole(counts, used)
  const next = new Uint16Array(LONGEST_WORD + 1)
  for (let length = 1; length < LONGEST_WORD; length++) next[length + 1] = next[length]! + counts[length]!
  const symbols = new Uint16Array(used)
  for (const [symbol, length] of lengths.entries()) if (length > 0) symbols[next[length]!++] = symbol
  return { counts, symbols }
}

function requireWhole(counts: Uint16Array, used: number): void {
  let room = 1
  for (let length = 1; length <= LONGEST_WORD; length++) {
    room = 2 * room - counts[length]!
    if (room < 0) throw notDeflate('a code has more words than fit')
  }
  if (room > 0 && used > 0 && !(used === 1 && counts[1] === 1)) throw notDeflate('a code is not whole')
}

/** The symbol of the next word. @throws {FedError} It is no word, or the bits end. */
export function readSymbol(bits: DeflateBits, { counts, symbols }: HuffmanCode): number {
  let [word, first, index] = [0, 0, 0]
  for (let length = 1; length <= LONGEST_WORD; length++) {
    word |= bits.take(1)
    const count = counts[length]!
    if (word - first < count) return symbols[index + word - first]!
    index += count
    first = (first + count) << 1
    word <<= 1
  }
  throw notDeflate('a word is not in its code')
}
