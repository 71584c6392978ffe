/** Reads what a `RangeEncoder` wrote. Past the end it gives anything and remembers that it did. */
export interface RangeDecoder {
  read(probability: number): number
  /** Bytes were wanted that are not there: what comes now is not what was written. */
  beyond(): boolean
  /** Everything was read, and nothing beyond it. */
  ended(): boolean
}

const SMALLEST_RANGE = 2 ** 24
const BYTES_AHEAD = 4

export function createRangeDecoder(bytes: Uint8Array): RangeDecoder {
  let next = 0
  // what is read of the interval, and its range, as in the encoder
  const interval = Uint32Array.of(0, 0xffffffff)
  const shift = (): void => {
    interval[0] = (interval[0]! << 8) | (next < bytes.length ? bytes[next]! : 0)
    next += 1
  }
  for (let i = 0; i < BYTES_AHEAD; i++) shift()
  return {
    read(probability) {
      const one = (interval[1]! >>> 15) * probability
      const bit = interval[0]! < one ? 1 : 0
      if (bit === 1) interval[1] = one
      else {
        interval[0] = interval[0]! - one
        interval[1] = interval[1]! - one
      }
      while (interval[1]! < SMALLEST_RANGE) {
        interval[1] = interval[1]! << 8
        shift()
      }
      return bit
    },
    beyond: () => next > bytes.length,
    ended: () => next === bytes.length && interval[0] === 0,
  }
}
