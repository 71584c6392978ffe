import { decodeFloat16, encodeFloat16 } from '@tessera/math'
import { FedError, type Update, unwrap } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineCodec } from './codec.ts'
import { requireFinite } from './finite.ts'
import { fromLittleEndian16, littleEndian16 } from './fixed-width.ts'

const EXPONENT = 0x7c00

/**
 * IEEE 754 binary16, little-endian: 2 bytes a coordinate. Rounds to nearest, ties to even: the error is at most
 * 2^-11 of a value, or 2^-25 below 2^-14. Values that would round beyond ±65504 are refused.
 */
export const float16 = defineCodec({
  name: 'float16',
  config: z.object({}),
  properties: () => ['idempotent'],
  errorBound: (maxAbs) => Math.max(maxAbs * 2 ** -11, 2 ** -25),
  floorBits: (length) => 16 * length,
  encode: (update) => littleEndian16(float16Patterns(update)),
  decode(bytes, length) {
    const patterns = fromLittleEndian16(bytes, length)
    return patterns.ok ? requireFinite(decodeFloat16(patterns.value)) : patterns
  },
})

/** @throws {FedError} `not-finite`: a number is NaN, or beyond float16. */
export function float16Patterns(update: Update): Uint16Array<ArrayBuffer> {
  const patterns = encodeFloat16(update)
  for (let i = 0; i < patterns.length; i++) if ((patterns[i]! & EXPONENT) === EXPONENT) refuse(update, i)
  return patterns
}

function refuse(update: Update, index: number): never {
  unwrap(requireFinite(update))
  throw new FedError('not-finite', `coordinate ${index} of the update is ${update[index]}, float16 ends at ±65504`, {
    details: { index },
    fix: 'Choose codec float32 or bfloat16, or lower the learning rate.',
  })
}
