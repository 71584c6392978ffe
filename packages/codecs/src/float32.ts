import { unwrap } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineCodec } from './codec.ts'
import { requireFinite } from './finite.ts'
import { fromLittleEndian32, littleEndian32 } from './fixed-width.ts'

/** IEEE 754 binary32, little-endian: the update itself, 4 bytes a coordinate, nothing lost. */
export const float32 = defineCodec({
  name: 'float32',
  config: z.object({}),
  properties: () => ['idempotent', 'unbiased'],
  errorBound: () => 0,
  floorBits: (length) => 32 * length,
  encode: (update) => littleEndian32(unwrap(requireFinite(update))),
  decode(bytes, length) {
    const update = fromLittleEndian32(bytes, length)
    return update.ok ? requireFinite(update.value) : update
  },
})
