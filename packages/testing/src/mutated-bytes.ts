import type { RandomStream } from '@tessera/math'

/** Bytes that lengths and counts are likely to go wrong with. */
const EXTREMES = [0, 1, 0x7f, 0x80, 0xff]
const MOST_CHANGES = 4

/** A copy with some bytes or bits changed, taken out, put in, or cut off at the end. */
export function mutatedBytes(bytes: Uint8Array, random: RandomStream): Uint8Array {
  const room = new Uint8Array(bytes.length + MOST_CHANGES)
  room.set(bytes)
  let { length } = bytes
  for (let change = random.below(MOST_CHANGES); change >= 0; change--) {
    const [at, kind] = [random.below(length + 1), random.below(8)]
    if (kind === 0) length = at
    else if (kind === 1) {
      room.copyWithin(at + 1, at, length)
      room[at] = random.below(256)
      length += 1
    } else if (at < length) {
      if (kind === 2) room.copyWithin(at, at + 1, length--)
      else room[at] = changed(room[at]!, kind, random)
    }
  }
  return room.subarray(0, length)
}

function changed(byte: number, kind: number, random: RandomStream): number {
  if (kind < 5) return byte ^ (1 << random.below(8))
  return kind < 7 ? EXTREMES[random.below(EXTREMES.length)]! : random.below(256)
}
