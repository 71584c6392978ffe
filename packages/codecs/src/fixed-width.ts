import { err, FedError, ok, type Result } from '@tessera/vocabulary'

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** Bytes that must be exactly `length` numbers of `width` bytes. Error: `corrupt-update`. */
export function requireWidth(bytes: Uint8Array, length: number, width: number): Result<Uint8Array, FedError> {
  if (Number.isInteger(length) && bytes.length === length * width) return ok(bytes)
  const text = `${length} coordinates of ${width} bytes take ${length * width} bytes, got ${bytes.length}`
  return err(new FedError('corrupt-update', text, { details: { length, width, actual: bytes.length } }))
}

/** float32 numbers as little-endian bytes. */
export function littleEndian32(numbers: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(numbers.slice().buffer)
  return LITTLE_ENDIAN ? bytes : reversedIn(bytes, Float32Array.BYTES_PER_ELEMENT)
}

/** The inverse of `littleEndian32`, for exactly `length` numbers; any bits, NaN too. Error: `corrupt-update`. */
export function fromLittleEndian32(bytes: Uint8Array, length: number): Result<Float32Array<ArrayBuffer>, FedError> {
  const checked = requireWidth(bytes, length, Float32Array.BYTES_PER_ELEMENT)
  return checked.ok ? ok(new Float32Array(hostOrder(bytes, Float32Array.BYTES_PER_ELEMENT).buffer)) : checked
}

/** 16-bit patterns as bytes, the lower one first. */
export function littleEndian16(patterns: Uint16Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(patterns.buffer, patterns.byteOffset, patterns.byteLength)
  return LITTLE_ENDIAN ? bytes : reversedIn(bytes.slice(), Uint16Array.BYTES_PER_ELEMENT)
}

/** The inverse of `littleEndian16`, for exactly `length` patterns. Error: `corrupt-update`. */
export function fromLittleEndian16(bytes: Uint8Array, length: number): Result<Uint16Array<ArrayBuffer>, FedError> {
  const checked = requireWidth(bytes, length, Uint16Array.BYTES_PER_ELEMENT)
  return checked.ok ? ok(new Uint16Array(hostOrder(bytes, Uint16Array.BYTES_PER_ELEMENT).buffer)) : checked
}

/** A copy, so that it is aligned, in the order of this machine. */
function hostOrder(bytes: Uint8Array, width: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes)
  return LITTLE_ENDIAN ? copy : reversedIn(copy, width)
}

/** The same memory, the bytes of every number turned around. */
function reversedIn(bytes: Uint8Array<ArrayBuffer>, width: number): Uint8Array<ArrayBuffer> {
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse()
  return bytes
}
