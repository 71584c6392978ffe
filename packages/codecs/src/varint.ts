/** An unsigned integer below 2^53 in groups of seven bits, the lowest first, all but the last with the top bit set. */
export function writeVarint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  return [...bytes, rest]
}

/** The number at `offset` and where it ends; null where none is, where it is too large, or written longer than it must be. */
export function readVarint(bytes: Uint8Array, offset: number): { value: number; end: number } | null {
  let value = 0
  for (let at = 0; at < 8; at++) {
    const byte = bytes[offset + at]
    if (byte === undefined) return null
    value += (byte & 127) * 128 ** at
    if (byte < 128)
      return byte === 0 && at > 0 ? null : value > Number.MAX_SAFE_INTEGER ? null : { value, end: offset + at + 1 }
  }
  return null
}
