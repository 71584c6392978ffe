import { err, FedError, ok, type Result, unwrap } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineCodec } from './codec.ts'
import { errorFeedbackOption, fedBack } from './error-feedback.ts'
import { requireFinite } from './finite.ts'
import { littleEndian32 } from './fixed-width.ts'
import { openBlocks } from './scaled-blocks.ts'

/**
 * 1-bit updates: the sign of each coordinate, times the mean magnitude of its block. Seide et al. 2014; with this scale
 * the error shrinks and error feedback converges, Karimireddy et al. 2019 (https://arxiv.org/abs/1901.09847).
 * Zero counts as positive. Bytes: one float32 a block, then the signs, eight to a byte from the lowest bit, 1 for minus.
 */
export const sign = defineCodec({
  name: 'sign',
  config: z.object({
    block: z.number().int().min(8).max(65_536).default(256).describe('coordinates that share a scale'),
    errorFeedback: errorFeedbackOption,
  }),
  properties: ({ errorFeedback }) => ['contractive', ...fedBack(errorFeedback)],
  errorBound: (maxAbs) => 2 * maxAbs,
  floorBits: (length, { block }) => length + 32 * Math.ceil(length / block),
  encode(update, { block }) {
    unwrap(requireFinite(update))
    const scales = littleEndian32(blockMeans(update, block))
    const bytes = new Uint8Array(scales.length + Math.ceil(update.length / 8))
    bytes.set(scales)
    const signs = bytes.subarray(scales.length)
    for (let i = 0; i < update.length; i++) if (update[i]! < 0) signs[i >>> 3] = signs[i >>> 3]! | (1 << (i & 7))
    return bytes
  },
  decode(bytes, length, { block }) {
    const blocks = openBlocks(bytes, length, block)
    if (!blocks.ok) return blocks
    const { scales, rest } = blocks.value
    const sound = requireSigns(rest, length)
    if (!sound.ok) return sound
    const update = new Float32Array(length)
    for (let i = 0; i < length; i++) {
      const scale = scales[Math.floor(i / block)]!
      update[i] = (rest[i >>> 3]! >>> (i & 7)) & 1 ? -scale : scale
    }
    return ok(update)
  },
})

function requireSigns(signs: Uint8Array, length: number): Result<Uint8Array, FedError> {
  if (signs.length !== Math.ceil(length / 8))
    return err(new FedError('corrupt-update', `${length} signs are wanted, got ${signs.length} bytes of them`))
  if (length % 8 === 0 || signs[signs.length - 1]! >>> (length % 8) === 0) return ok(signs)
  return err(new FedError('corrupt-update', 'the last byte of the update has bits beyond its end'))
}

function blockMeans(update: Float32Array, block: number): Float32Array {
  const means = new Float32Array(Math.ceil(update.length / block))
  for (let at = 0; at < means.length; at++) {
    const to = Math.min(update.length, (at + 1) * block)
    let sum = 0
    for (let i = at * block; i < to; i++) sum += Math.abs(update[i]!)
    means[at] = sum / (to - at * block)
  }
  return means
}
