import { err, FedError, ok, type Result } from '@tessera/vocabulary'
import { createBitReader } from './bit-reader.ts'
import { createBitWriter } from './bit-writer.ts'
import { bestGolomb, type Golomb, golomb, LARGEST_GOLOMB, readGolomb, writeGolomb } from './golomb.ts'
import { readVarint, writeVarint } from './varint.ts'

/** What the start of sparse bytes says, found possible: nothing has been allocated for it. */
export interface SparseHead {
  readonly length: number
  readonly count: number
  /** The bits that an entry has beside its gap. */
  readonly width: number
  readonly code: Golomb
  readonly bits: Uint8Array
}

/**
 * Ascending positions as Golomb-coded gaps, each followed by `width` bits of its entry:
 * count · Golomb parameter (left out when there is no position), both varints · bits.
 */
export function writeSparse(
  positions: Uint32Array,
  width: number,
  entries: ArrayLike<number>,
): Uint8Array<ArrayBuffer> {
  const head = writeVarint(positions.length)
  if (positions.length === 0) return Uint8Array.from(head)
  const gaps = gapsOf(positions)
  const parameter = bestGolomb(gaps)
  const code = golomb(parameter)
  const writer = createBitWriter(positions.length * 2)
  for (let at = 0; at < gaps.length; at++) {
    writeGolomb(writer, gaps[at]!, code)
    writer.write(entries[at]!, width)
  }
  const bits = writer.bytes()
  head.push(...writeVarint(parameter))
  const whole = new Uint8Array(head.length + bits.length)
  whole.set(head)
  whole.set(bits, head.length)
  return whole
}

/** The start of `bytes`, for an update of `length` coordinates. Error: `corrupt-update`. */
export function openSparse(bytes: Uint8Array, length: number, width: number): Result<SparseHead, FedError> {
  const count = readVarint(bytes, 0)
  if (count === null || count.value > length) return corrupt(`more than ${length} entries, or none`)
  if (count.value === 0) {
    const none = { length, count: 0, width, code: golomb(1), bits: bytes.subarray(count.end) }
    return none.bits.length === 0 ? ok(none) : corrupt('bytes after the last entry')
  }
  const parameter = readVarint(bytes, count.end)
  if (parameter === null || parameter.value < 1 || parameter.value > LARGEST_GOLOMB)
    return corrupt('no Golomb parameter')
  const code = golomb(parameter.value)
  const bits = bytes.subarray(parameter.end)
  if (count.value * (code.least + width) > 8 * bits.length) return corrupt('fewer bits than entries')
  return ok({ length, count: count.value, width, code, bits })
}

/** `put` gets every position below the length, ascending, and its bits. Error: `corrupt-update`. */
export function readSparse(
  { length, count, width, code, bits }: SparseHead,
  put: (position: number, entry: number) => void,
): Result<number, FedError> {
  const reader = createBitReader(bits)
  let position = -1
  for (let at = 0; at < count; at++) {
    position += 1 + readGolomb(reader, code, length - position - 2)
    if (position >= length) return corrupt(`a position beyond coordinate ${length - 1}`)
    put(position, reader.read(width))
  }
  return reader.ended() ? ok(count) : corrupt('too few or too many bits')
}

function gapsOf(positions: Uint32Array): Int32Array {
  const gaps = new Int32Array(positions.length)
  let before = -1
  for (let at = 0; at < positions.length; at++) {
    gaps[at] = positions[at]! - before - 1
    before = positions[at]!
  }
  return gaps
}

const corrupt = (what: string): Result<never, FedError> =>
  err(new FedError('corrupt-update', `the encoded update has ${what}`))
