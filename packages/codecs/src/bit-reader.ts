/** Reads what `BitWriter` wrote. Past the end there are zeros, and `ended` is false. */
export interface BitReader {
  /** The next 24 bits, the first one lowest; they stay. */
  peek(): number
  /** Pass over `width` bits. */
  skip(width: number): void
  /** The next `width` bits, 0 ≤ width ≤ 24. */
  read(width: number): number
  /** The number of ones before the next zero, which is taken too; stops at more than `limit` ones. */
  unary(limit: number): number
  /** Everything was read, nothing beyond it, and the last byte is filled with zeros. */
  ended(): boolean
}

/** Bits that a word of four bytes has at least, wherever in its first byte they begin. */
const AHEAD = 24
const WORD_BYTES = 4

export function createBitReader(bytes: Uint8Array): BitReader {
  const words = new DataView(new ArrayBuffer(bytes.length + WORD_BYTES))
  new Uint8Array(words.buffer).set(bytes)
  let [byte, bit] = [0, 0]
  const peek = (): number => (byte < bytes.length ? (words.getInt32(byte, true) >>> bit) & ((1 << AHEAD) - 1) : 0)
  const skip = (width: number): void => {
    const to = bit + width
    byte += to >>> 3
    bit = to & 7
  }
  return {
    peek,
    skip,
    read(width) {
      const value = peek() & ((1 << width) - 1)
      skip(width)
      return value
    },
    unary(limit) {
      let ones = 0
      while (ones <= limit) {
        const run = trailingOnes(peek())
        ones += run
        skip(run)
        if (run === AHEAD) continue
        skip(1)
        break
      }
      return ones
    },
    ended: () => byte + (bit === 0 ? 0 : 1) === bytes.length && peek() === 0,
  }
}

/** How many ones come first, from the lowest bit. */
export const trailingOnes = (bits: number): number => 31 - Math.clz32(~bits & (bits + 1))
