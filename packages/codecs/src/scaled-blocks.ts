import { err, FedError, ok, type Result } from '@tessera/vocabulary'
import { fromLittleEndian32 } from './fixed-width.ts'

/** One float32 scale a block of coordinates, and the bytes behind them. */
export interface ScaledBlocks {
  readonly scales: Float32Array
  readonly rest: Uint8Array
}

/**
 * The scales of `length` coordinates in blocks of `block`, little-endian, each finite and at least 0.
 * Errors: `corrupt-update`: the bytes end before the scales do; `not-finite`: a scale is NaN, infinite or negative.
 */
export function openBlocks(bytes: Uint8Array, length: number, block: number): Result<ScaledBlocks, FedError> {
  const end = 4 * Math.ceil(length / block)
  if (bytes.length < end)
    return err(new FedError('corrupt-update', `${end / 4} scales are wanted, got ${bytes.length} bytes`))
  const scales = fromLittleEndian32(bytes.subarray(0, end), end / 4)
  if (!scales.ok) return scales
  const odd = scales.value.findIndex((scale) => !(Number.isFinite(scale) && scale >= 0))
  if (odd < 0) return ok({ scales: scales.value, rest: bytes.subarray(end) })
  return err(new FedError('not-finite', `the scale of block ${odd} is ${scales.value[odd]}`))
}
