import { err, FedError, ok } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineCodec } from './codec.ts'
import { blocksFloor, type IntegerPacking, readBlocks, writeBlocks } from './integer-blocks.ts'

const LEVELS = 127

const BYTES: IntegerPacking = {
  levels: LEVELS,
  packedBytes: (length) => length,
  pack: (integers) => new Uint8Array(integers.buffer, integers.byteOffset, integers.length),
  unpack(packed) {
    const integers = new Int8Array(packed)
    if (!integers.includes(-128)) return ok(integers)
    return err(new FedError('corrupt-update', 'an integer of the update is -128'))
  },
}

/**
 * One signed byte a coordinate and one float32 step a block, unbiased by stochastic rounding; see `quantise`. The error
 * of a coordinate is below one step, max |x| of its block / 127. Bytes: all steps, then all integers.
 */
export const int8 = defineCodec({
  name: 'int8',
  config: z.object({
    block: z.number().int().min(8).max(65_536).default(256).describe('coordinates that share a step'),
    entropy: z.boolean().default(false).describe('code the integers by how often they occur'),
  }),
  properties: () => ['unbiased'],
  errorBound: (maxAbs) => (maxAbs / LEVELS) * (1 + 2 ** -20) + LEVELS * 2 ** -149,
  floorBits: (length, options) => blocksFloor(length, BYTES, options),
  encode: (update, options, { own }) => writeBlocks(update, BYTES, options, own),
  decode: (bytes, length, options) => readBlocks(bytes, length, BYTES, options),
})
