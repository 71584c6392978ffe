/** Binary decisions of known probability as bytes, close to their entropy. */
export interface RangeEncoder {
  /** @param probability Of a 1, in units of 2^-15, 1 … 2^15 − 1. */
  write(bit: number, probability: number): void
  /** All bytes; nothing may be written afterwards. */
  bytes(): Uint8Array<ArrayBuffer>
}

const TWO_32 = 2 ** 32
const SMALLEST_RANGE = 2 ** 24

/**
 * Range coding, Martin 1979, with the carry of LZMA (Pavlov 1999): an interval [low, low + range) of 32 bits is cut in
 * two for every bit. A byte leaves when 24 bits of range are left, and is held back as long as a carry may change it.
 */
export function createRangeEncoder(expectedBytes: number): RangeEncoder {
  let buffer = new Uint8Array(Math.max(16, expectedBytes))
  let length = 0
  // low and range, in an array since numbers above 2^31 cost an allocation each elsewhere
  const interval = Uint32Array.of(0, TWO_32 - 1)
  // The byte that waits, none at first, how many 255 behind it, and what a sum has carried over to it.
  let [held, full, carry] = [-1, 0, 0]

  const put = (byte: number): void => {
    if (length === buffer.length) {
      const larger = new Uint8Array(2 * length)
      larger.set(buffer)
      buffer = larger
    }
    buffer[length++] = byte
  }
  const shift = (): void => {
    const top = interval[0]! >>> 24
    interval[0] = interval[0]! << 8
    if (carry === 0 && top === 0xff) {
      full += 1
      return
    }
    if (held >= 0) put(held + carry)
    for (; full > 0; full--) put(0xff + carry)
    held = top
    carry = 0
  }
  return {
    write(bit, probability) {
      const one = (interval[1]! >>> 15) * probability
      if (bit === 1) interval[1] = one
      else {
        const sum = interval[0]! + one
        if (sum >= TWO_32) carry = 1
        interval[0] = sum
        interval[1] = interval[1]! - one
      }
      while (interval[1]! < SMALLEST_RANGE) {
        interval[1] = interval[1]! << 8
        shift()
      }
    },
    bytes() {
      for (let i = 0; i < 5; i++) shift()
      return buffer.slice(0, length)
    },
  }
}
