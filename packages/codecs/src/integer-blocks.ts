import type { RandomStream } from '@tessera/math'
import { err, FedError, ok, type Result, type Update, unwrap } from '@tessera/vocabulary'
import { decodeSymbols, encodeSymbols } from './adaptive-symbols.ts'
import { requireFinite } from './finite.ts'
import { littleEndian32 } from './fixed-width.ts'
import { openBlocks } from './scaled-blocks.ts'
import { dequantise, quantise } from './stochastic-rounding.ts'

/** How integers in [-levels, levels] are written with a fixed number of bits. */
export interface IntegerPacking {
  readonly levels: number
  readonly packedBytes: (length: number) => number
  readonly pack: (integers: Int8Array) => Uint8Array
  /** Of exactly `packedBytes(length)` bytes. Error: `corrupt-update`. */
  readonly unpack: (packed: Uint8Array, length: number) => Result<Int8Array, FedError>
}

export interface BlockOptions {
  readonly block: number
  /** Code the integers by how often they occur, in place of packing them. */
  readonly entropy: boolean
}

/** All steps, then all integers. @throws {FedError} `not-finite` */
export function writeBlocks(
  update: Update,
  { levels, pack }: IntegerPacking,
  { block, entropy }: BlockOptions,
  own: RandomStream,
): Uint8Array<ArrayBuffer> {
  const { steps, integers } = quantise(unwrap(requireFinite(update)), { levels, block }, own)
  const head = littleEndian32(steps)
  const body = entropy ? encodeSymbols(shifted(integers, levels), 2 * levels + 1) : pack(integers)
  const bytes = new Uint8Array(head.length + body.length)
  bytes.set(head)
  bytes.set(body, head.length)
  return bytes
}

/** The inverse of `writeBlocks`. Errors: `corrupt-update`, `not-finite`. */
export function readBlocks(
  bytes: Uint8Array,
  length: number,
  packing: IntegerPacking,
  { block, entropy }: BlockOptions,
): Result<Update, FedError> {
  const blocks = openBlocks(bytes, length, block)
  if (!blocks.ok) return blocks
  const { scales, rest } = blocks.value
  const integers = entropy ? codedIntegers(rest, length, packing.levels) : packedIntegers(rest, length, packing)
  return integers.ok ? dequantise({ steps: scales, integers: integers.value }, block) : integers
}

/** What the steps take, and the packed integers; what coded ones take, only their update can tell. */
export const blocksFloor = (length: number, packing: IntegerPacking, { block, entropy }: BlockOptions): number =>
  32 * Math.ceil(length / block) + (entropy ? 0 : 8 * packing.packedBytes(length))

function packedIntegers(packed: Uint8Array, length: number, { packedBytes, unpack }: IntegerPacking) {
  if (packed.length === packedBytes(length)) return unpack(packed, length)
  const text = `${length} integers take ${packedBytes(length)} bytes, got ${packed.length}`
  return err(new FedError('corrupt-update', text))
}

function codedIntegers(bytes: Uint8Array, length: number, levels: number): Result<Int8Array, FedError> {
  const symbols = decodeSymbols(bytes, length, 2 * levels + 1)
  return symbols.ok ? ok(new Int8Array(shifted(symbols.value, -levels).buffer)) : symbols
}

/** q + by, modulo 256. */
function shifted(integers: Int8Array | Uint8Array, by: number): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(integers.length)
  for (let i = 0; i < integers.length; i++) result[i] = integers[i]! + by
  return result
}
