import { decodeBfloat16, encodeBfloat16 } from '@tessera/math'
import { FedError, type Update, unwrap } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineCodec } from './codec.ts'
import { requireFinite } from './finite.ts'
import { fromLittleEndian16, littleEndian16 } from './fixed-width.ts'

const EXPONENT = 0x7f80

/**
 * bfloat16, little-endian: the upper half of a float32, 2 bytes a coordinate, with the range of float32 and 8 bits of
 * precision. Rounds to nearest, ties to even: the error is at most 2^-8 of a value.
 */
export const bfloat16 = defineCodec({
  name: 'bfloat16',
  config: z.object({}),
  properties: () => ['idempotent'],
  errorBound: (maxAbs) => Math.max(maxAbs * 2 ** -8, 2 ** -133),
  floorBits: (length) => 16 * length,
  encode(update) {
    const patterns = encodeBfloat16(update)
    for (let i = 0; i < patterns.length; i++) if ((patterns[i]! & EXPONENT) === EXPONENT) refuse(update, i)
    return littleEndian16(patterns)
  },
  decode(bytes, length) {
    const patterns = fromLittleEndian16(bytes, length)
    return patterns.ok ? requireFinite(decodeBfloat16(patterns.value)) : patterns
  },
})

function refuse(update: Update, index: number): never {
  unwrap(requireFinite(update))
  throw new FedError('not-finite', `coordinate ${index} rounds beyond bfloat16: ${update[index]}`)
}
