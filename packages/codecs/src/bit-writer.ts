/** Bits one after the other, the first one lowest in its byte. */
export interface BitWriter {
  /** The `width` low bits of `value`, 0 ≤ width ≤ 24. */
  write(value: number, width: number): void
  /** All bits so far, the last byte filled with zeros. */
  bytes(): Uint8Array<ArrayBuffer>
}

/** @param expectedBytes Room to begin with; it grows as it must. */
export function createBitWriter(expectedBytes: number): BitWriter {
  let buffer = new Uint8Array(Math.max(16, expectedBytes))
  let [length, held, count] = [0, 0, 0]
  const grow = (): void => {
    const larger = new Uint8Array(buffer.length * 2)
    larger.set(buffer)
    buffer = larger
  }
  return {
    write(value, width) {
      held |= value << count // at most 7 + 24 bits
      count += width
      while (count >= 8) {
        if (length === buffer.length) grow()
        buffer[length++] = held
        held >>>= 8
        count -= 8
      }
    },
    bytes() {
      if (count === 0) return buffer.slice(0, length)
      const whole = new Uint8Array(length + 1)
      whole.set(buffer.subarray(0, length))
      whole[length] = held
      return whole
    },
  }
}
