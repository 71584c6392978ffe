import { err, FedError, ok, type Result } from '@tessera/vocabulary'
import type { ServerOptimizerState } from './server-optimizer.ts'

/** The state as bytes: its vectors one after the other, little-endian float32, nothing else. */
export function encodeServerState(state: ServerOptimizerState): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 * state.reduce((sum, slot) => sum + slot.length, 0))
  const view = new DataView(bytes.buffer)
  let offset = 0
  for (const slot of state) {
    for (const value of slot) {
      view.setFloat32(offset, value, true)
      offset += 4
    }
  }
  return bytes
}

/**
 * The state that was written, by the shape of the optimizer's first state.
 * Errors: `corrupt-optimizer-state`: another number of bytes; `not-finite`: a number is NaN or infinite.
 *
 * @example decodeServerState(bytes, adam.begin(length, config))
 */
export function decodeServerState(
  bytes: Uint8Array,
  like: ServerOptimizerState,
): Result<ServerOptimizerState, FedError> {
  const expected = 4 * like.reduce((sum, slot) => sum + slot.length, 0)
  if (bytes.length !== expected) {
    const message = `optimizer state: expected ${expected} bytes, got ${bytes.length}`
    return err(new FedError('corrupt-optimizer-state', message, { details: { expected, actual: bytes.length } }))
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const state = like.map((slot, index) => slot.map((_, at) => view.getFloat32(4 * (index * slot.length + at), true)))
  if (state.every((slot) => slot.every(Number.isFinite))) return ok(state)
  return err(new FedError('not-finite', 'optimizer state: a number is NaN or infinite'))
}
