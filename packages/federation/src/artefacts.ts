import type { FactorSet } from '@tessera/adapters'
import { readSafetensors, writeSafetensors } from '@tessera/models'
import type { Coordinates } from '@tessera/vocabulary'
import { err, FedError, ok, type Result } from '@tessera/vocabulary'

/** A factor set, or the panels of a pass, as a safetensors file: flat float32 tensors by key. */
export function encodeFactors(factors: FactorSet, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const tensors = Object.entries(factors).map(
    ([name, data]) => [name, { dtype: 'F32', shape: [data.length], data } as const] as const,
  )
  return writeSafetensors(Object.fromEntries(tensors), metadata)
}

/** The same, read. Errors: `corrupt-safetensors`, `not-finite`. */
export function decodeFactors(bytes: Uint8Array): Result<FactorSet, FedError> {
  const file = readSafetensors(bytes)
  if (!file.ok) return file
  const factors = Object.fromEntries(Object.entries(file.value.tensors).map(([name, { data }]) => [name, data]))
  for (const [name, data] of Object.entries(factors)) {
    const finite = requireFinite(name, data)
    if (!finite.ok) return finite
  }
  return ok(factors)
}

/** Coordinates as little-endian float32. */
export function encodeCoordinates(coordinates: Coordinates): Uint8Array {
  const bytes = new Uint8Array(coordinates.length * 4)
  const view = new DataView(bytes.buffer)
  coordinates.forEach((value, at) => {
    view.setFloat32(4 * at, value, true)
  })
  return bytes
}

/** The same, read: `length` of them. Errors: `shape-mismatch`, `not-finite`. */
export function decodeCoordinates(bytes: Uint8Array, length: number): Result<Coordinates, FedError> {
  if (bytes.byteLength !== 4 * length) {
    return err(new FedError('shape-mismatch', `coordinates: expected ${4 * length} bytes, got ${bytes.byteLength}`))
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const coordinates = new Float32Array(length)
  for (let at = 0; at < length; at++) coordinates[at] = view.getFloat32(4 * at, true)
  return requireFinite('coordinates', coordinates)
}

/** NaN and infinities would spread to every number that they meet. Error: `not-finite`. */
export function requireFinite(what: string, numbers: Float32Array): Result<Float32Array, FedError> {
  const odd = numbers.findIndex((value) => !Number.isFinite(value))
  return odd < 0 ? ok(numbers) : err(new FedError('not-finite', `${what}: number ${odd} is ${numbers[odd]}`))
}
