import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from '@tessera/math'
import { err, FedError, ok, type Result, ShapeError } from '@tessera/vocabulary'
import { z } from 'zod'

/** The safetensors container (https://github.com/huggingface/safetensors): u64 header length, JSON header, bytes. */

/**
 * Bytes per number of every dtype that can be read and written, in the order in which the reference implementation
 * writes them. The file is little-endian, as is every host.
 */
const BYTES_PER_NUMBER = { F32: 4, BF16: 2, F16: 2 } as const
const WRITING_ORDER = Object.keys(BYTES_PER_NUMBER)
const LENGTH_FIELD_BYTES = 8
const MAX_HEADER_BYTES = 100_000_000
const METADATA_KEY = '__metadata__'

export type SafetensorsDtype = keyof typeof BYTES_PER_NUMBER

/** One tensor; `data` is row-major float32 whatever the stored dtype is. */
export interface SafetensorsTensor {
  readonly dtype: SafetensorsDtype
  readonly shape: readonly number[]
  readonly data: Float32Array
}

export interface SafetensorsFile {
  readonly tensors: Readonly<Record<string, SafetensorsTensor>>
  readonly metadata: Readonly<Record<string, string>>
}

const headerEntry = z.strictObject({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
})
const headerMetadata = z.record(z.string(), z.string())

/** Where one tensor lies, checked: `end - begin` is what dtype and shape ask for. */
interface Placement {
  readonly name: string
  readonly dtype: SafetensorsDtype
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

/** Thrown inside this file only; `readSafetensors` turns it into a `Result`. */
const corrupt = (message: string, cause?: unknown): FedError =>
  new FedError('corrupt-safetensors', message, { cause, fix: 'Fetch or write the file again.' })

const numbersIn = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

/**
 * Read a safetensors file. Every length, offset, dtype and the header are checked; tensors must cover the data
 * exactly, without overlap or hole. F16 and BF16 are widened to float32 exactly; NaN and infinities are kept.
 *
 * @param bytes The whole file, at any alignment. Not kept: every tensor is a copy.
 * @returns The tensors by name, or `corrupt-safetensors` with a message that says what is wrong.
 */
export function readSafetensors(bytes: Uint8Array): Result<SafetensorsFile, FedError> {
  try {
    const headerBytes = readHeaderLength(bytes)
    const header = parseHeader(bytes.subarray(LENGTH_FIELD_BYTES, LENGTH_FIELD_BYTES + headerBytes))
    const data = bytes.subarray(LENGTH_FIELD_BYTES + headerBytes)
    const placements = Object.entries(header)
      .filter(([name]) => name !== METADATA_KEY)
      .map(([name, entry]) => checkEntry(name, entry))
    checkCoverage(placements, data.length)
    const tensors = Object.fromEntries(placements.map((placement) => [placement.name, decode(placement, data)]))
    return ok({ tensors, metadata: checkMetadata(header) })
  } catch (error) {
    if (error instanceof FedError) return err(error)
    throw error
  }
}

function readHeaderLength(bytes: Uint8Array): number {
  if (bytes.length < LENGTH_FIELD_BYTES) {
    throw corrupt(`the file has ${bytes.length} bytes, fewer than the ${LENGTH_FIELD_BYTES} of its header length`)
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_FIELD_BYTES).getBigUint64(0, true)
  if (length > MAX_HEADER_BYTES) throw corrupt(`the header length ${length} is over the limit of ${MAX_HEADER_BYTES}`)
  const left = bytes.length - LENGTH_FIELD_BYTES
  if (length > left) throw corrupt(`truncated: the header has ${length} bytes, the file only ${left} after its length`)
  return Number(length)
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (cause) {
    throw corrupt('the header is not JSON in UTF-8', cause)
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw corrupt('the header is not a JSON object')
  }
  return header as Record<string, unknown>
}

function checkMetadata(header: Record<string, unknown>): Record<string, string> {
  if (!Object.hasOwn(header, METADATA_KEY)) return {}
  const metadata = headerMetadata.safeParse(header[METADATA_KEY])
  if (!metadata.success) throw corrupt(`${METADATA_KEY} is not an object of strings`)
  return metadata.data
}

function checkEntry(name: string, entry: unknown): Placement {
  const parsed = headerEntry.safeParse(entry)
  if (!parsed.success) throw corrupt(`the header entry of "${name}" is not valid: ${z.prettifyError(parsed.error)}`)
  const { dtype, shape } = parsed.data
  const [begin, end] = parsed.data.data_offsets
  if (!isKnownDtype(dtype)) {
    const known = Object.keys(BYTES_PER_NUMBER).join(', ')
    throw corrupt(`"${name}" has dtype ${dtype}; only ${known} can be read`)
  }
  const size = numbersIn(shape) * BYTES_PER_NUMBER[dtype]
  if (!Number.isSafeInteger(size) || end - begin !== size) {
    throw corrupt(
      `"${name}" is ${dtype} [${shape}], ${size} bytes, but its offsets ${begin}–${end} hold ${end - begin}`,
    )
  }
  return { name, dtype, shape, begin, end }
}

const isKnownDtype = (dtype: string): dtype is SafetensorsDtype => Object.hasOwn(BYTES_PER_NUMBER, dtype)

/** Placements, in order of offset, must tile [0, dataBytes). */
function checkCoverage(placements: readonly Placement[], dataBytes: number): void {
  const ordered = [...placements].sort((a, b) => a.begin - b.begin || a.end - b.end)
  let covered = 0
  for (const { name, begin, end } of ordered) {
    if (begin < covered) throw corrupt(`"${name}" starts at ${begin}, inside another tensor that ends at ${covered}`)
    if (begin > covered) throw corrupt(`a hole of ${begin - covered} bytes before "${name}"`)
    if (end > dataBytes) throw corrupt(`truncated: "${name}" ends at ${end}, the data at ${dataBytes}`)
    covered = end
  }
  if (covered !== dataBytes) throw corrupt(`${dataBytes - covered} bytes after the last tensor belong to no tensor`)
}

function decode({ dtype, shape, begin, end }: Placement, data: Uint8Array): SafetensorsTensor {
  // The copy makes the bytes aligned, wherever the header ended.
  const { buffer } = Uint8Array.from(data.subarray(begin, end))
  if (dtype === 'F32') return { dtype, shape, data: new Float32Array(buffer) }
  const halves = new Uint16Array(buffer)
  return { dtype, shape, data: dtype === 'F16' ? decodeFloat16(halves) : decodeBfloat16(halves) }
}

/**
 * Write a safetensors file. The same tensors and metadata give the same bytes in any insertion order: wider dtypes
 * first (so that every tensor is aligned), then names by code unit; the header is padded with spaces to 8 bytes. These
 * are also the bytes that the reference implementation writes.
 * Narrowing to F16 and BF16 rounds to nearest even.
 *
 * @throws {ShapeError} `data` has another length than the product of `shape`.
 * @throws {RangeError} A tensor has the reserved name `__metadata__`.
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, SafetensorsTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const ordered = Object.entries(tensors).sort(byDtypeThenName)
  const parts = ordered.map(([name, tensor]) => encode(name, tensor))
  const header = encodeHeader(ordered, metadata)
  const dataBytes = parts.reduce((sum, part) => sum + part.length, 0)
  const file = new Uint8Array(LENGTH_FIELD_BYTES + header.length + dataBytes)
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true)
  file.set(header, LENGTH_FIELD_BYTES)
  let offset = LENGTH_FIELD_BYTES + header.length
  for (const part of parts) {
    file.set(part, offset)
    offset += part.length
  }
  return file
}

type NamedTensor = readonly [name: string, tensor: SafetensorsTensor]

const byDtypeThenName = ([nameA, a]: NamedTensor, [nameB, b]: NamedTensor): number =>
  WRITING_ORDER.indexOf(a.dtype) - WRITING_ORDER.indexOf(b.dtype) || (nameA < nameB ? -1 : 1)

function encode(name: string, { dtype, shape, data }: SafetensorsTensor): Uint8Array {
  if (name === METADATA_KEY) throw new RangeError(`a tensor can not be called ${METADATA_KEY}`)
  if (data.length !== numbersIn(shape)) throw new ShapeError(`tensor "${name}"`, numbersIn(shape), data.length)
  const stored = dtype === 'F32' ? data : dtype === 'F16' ? encodeFloat16(data) : encodeBfloat16(data)
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength)
}

function encodeHeader(ordered: readonly NamedTensor[], metadata: Readonly<Record<string, string>>): Uint8Array {
  let offset = 0
  const entries = ordered.map(([name, { dtype, shape, data }]) => {
    const begin = offset
    offset += data.length * BYTES_PER_NUMBER[dtype]
    return [name, { dtype, shape, data_offsets: [begin, offset] }] as const
  })
  const sortedMetadata = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))
  const preamble = sortedMetadata.length === 0 ? [] : [[METADATA_KEY, Object.fromEntries(sortedMetadata)] as const]
  // Built by hand: an object would move names that look like integers to its front.
  const members = [...preamble, ...entries].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
  const json = new TextEncoder().encode(`{${members.join(',')}}`)
  const padded = new Uint8Array(Math.ceil(json.length / LENGTH_FIELD_BYTES) * LENGTH_FIELD_BYTES).fill(0x20)
  padded.set(json)
  return padded
}
