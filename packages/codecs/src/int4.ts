import { err, FedError, ok } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineCodec } from './codec.ts'
import { blocksFloor, type IntegerPacking, readBlocks, writeBlocks } from './integer-blocks.ts'

const LEVELS = 7

const HALF_BYTES: IntegerPacking = {
  levels: LEVELS,
  packedBytes: (length) => Math.ceil(length / 2),
  pack(integers) {
    const packed = new Uint8Array(Math.ceil(integers.length / 2))
    for (let i = 0; i < integers.length; i++) packed[i >>> 1] = packed[i >>> 1]! | ((integers[i]! + 8) << (4 * (i & 1)))
    return packed
  },
  unpack(packed, length) {
    if (length % 2 === 1 && packed[packed.length - 1]! >>> 4 !== 0)
      return err(new FedError('corrupt-update', 'the last half byte of the update is not empty'))
    const integers = new Int8Array(length)
    for (let i = 0; i < length; i++) {
      const half = (packed[i >>> 1]! >>> (4 * (i & 1))) & 15
      if (half === 0) return err(new FedError('corrupt-update', `coordinate ${i} of the update is below -7`))
      integers[i] = half - 8
    }
    return ok(integers)
  },
}

/**
 * Half a byte a coordinate, -7 … 7, and one float32 step a block, unbiased by stochastic rounding; see `quantise`. The
 * error of a coordinate is below one step, max |x| of its block / 7. Bytes: all steps, then q + 8 two to a byte, the
 * earlier one in the lower half; an odd last half is 0.
 */
export const int4 = defineCodec({
  name: 'int4',
  config: z.object({
    block: z.number().int().min(8).max(65_536).default(64).describe('coordinates that share a step'),
    entropy: z.boolean().default(false).describe('code the integers by how often they occur'),
  }),
  properties: () => ['unbiased'],
  errorBound: (maxAbs) => (maxAbs / LEVELS) * (1 + 2 ** -20) + LEVELS * 2 ** -149,
  floorBits: (length, options) => blocksFloor(length, HALF_BYTES, options),
  encode: (update, options, { own }) => writeBlocks(update, HALF_BYTES, options, own),
  decode: (bytes, length, options) => readBlocks(bytes, length, HALF_BYTES, options),
})
