/**
 * The bytes around a message. All integers are little-endian.
 *
 *     0  magic 'TSRA'        8  headerLength u32     16             header, deflated JSON
 *     4  frame version u8   12  bodyLength u32       16 + h         body, raw
 *     5  three zero bytes                            16 + h + b     first 16 bytes of SHA-256 over all before
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { err, FedError, ok, type Result } from '@tessera/vocabulary'
import { MAX_HEADER_BYTES, MAX_INLINE_BYTES } from './limits.ts'
import { FRAME_VERSION } from './version.ts'

const MAGIC = Uint8Array.of(0x54, 0x53, 0x52, 0x41)
const PREFIX_BYTES = 16
const CHECKSUM_BYTES = 16

/** Header and body of a frame whose bytes arrived undamaged; what the header says is not checked yet. */
export interface Envelope {
  readonly header: Uint8Array
  readonly body: Uint8Array
}

/**
 * Put any header and body into a frame, unchecked: `encodeFrame` is for messages, this for whoever wants to send
 * something else on purpose.
 *
 * @throws {RangeError} The header is longer than 64 KiB, or the body longer than 1 MiB.
 */
export function sealFrame({ header, body }: Envelope): Uint8Array<ArrayBuffer> {
  if (header.length > MAX_HEADER_BYTES) throw new RangeError(`header of ${header.length} bytes, at most 65536`)
  if (body.length > MAX_INLINE_BYTES) throw new RangeError(`body of ${body.length} bytes, at most 1048576`)
  const end = PREFIX_BYTES + header.length + body.length
  const bytes = new Uint8Array(end + CHECKSUM_BYTES)
  const view = new DataView(bytes.buffer)
  bytes.set(MAGIC)
  view.setUint8(4, FRAME_VERSION)
  view.setUint32(8, header.length, true)
  view.setUint32(12, body.length, true)
  bytes.set(header, PREFIX_BYTES)
  bytes.set(body, PREFIX_BYTES + header.length)
  bytes.set(checksum(bytes.subarray(0, end)), end)
  return bytes
}

/** Take a frame apart, as views on the same memory. Lengths are compared with what is really there, first. */
export function openFrame(bytes: Uint8Array): Result<Envelope, FedError> {
  if (bytes.length < PREFIX_BYTES + CHECKSUM_BYTES) return malformed(`${bytes.length} bytes are too few for a frame`)
  if (!startsWith(bytes, MAGIC)) return malformed('it does not start with TSRA')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const version = view.getUint8(4)
  if (version !== FRAME_VERSION) return err(unsupported(version))
  if (view.getUint8(5) + view.getUint8(6) + view.getUint8(7) !== 0) return malformed('a reserved byte is not zero')
  const headerLength = view.getUint32(8, true)
  const bodyLength = view.getUint32(12, true)
  if (headerLength > MAX_HEADER_BYTES) return malformed(`a header of ${headerLength} bytes is over the limit of 65536`)
  if (bodyLength > MAX_INLINE_BYTES) return malformed(`a body of ${bodyLength} bytes is over the limit of 1048576`)
  const end = PREFIX_BYTES + headerLength + bodyLength
  const expected = end + CHECKSUM_BYTES
  if (bytes.length !== expected) return malformed(`it says that it has ${expected} bytes, it has ${bytes.length}`)
  if (!startsWith(bytes.subarray(end), checksum(bytes.subarray(0, end)))) return malformed('its checksum is wrong')
  const headerEnd = PREFIX_BYTES + headerLength
  return ok({ header: bytes.subarray(PREFIX_BYTES, headerEnd), body: bytes.subarray(headerEnd, end) })
}

const checksum = (bytes: Uint8Array) => sha256(bytes).subarray(0, CHECKSUM_BYTES)

const startsWith = (bytes: Uint8Array, start: Uint8Array) => start.every((byte, i) => bytes[i] === byte)

const malformed = (reason: string) =>
  err(new FedError('malformed-frame', `not a frame: ${reason}`, { fix: 'Send the message again.' }))

const unsupported = (version: number) =>
  new FedError('unsupported-version', `frame version ${version}, this side speaks ${FRAME_VERSION}`, {
    details: { version, supported: FRAME_VERSION },
    fix: 'Use the same release of the worker and of the coordinator.',
  })
