import type { RandomStream } from '@tessera/math'
import { ok, unwrap } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineCodec } from './codec.ts'
import { errorFeedbackOption, fedBack } from './error-feedback.ts'
import { requireFinite } from './finite.ts'
import { fromLittleEndian32, littleEndian32 } from './fixed-width.ts'
import { keptCount } from './ternary.ts'

/**
 * Random-k with a shared mask: both ends draw the same ⌊density · n⌋ coordinates from the run's seed and the round, so
 * no index is sent. Konečný et al. 2016 (https://arxiv.org/abs/1610.05492). Values are float32.
 *
 * `unbiased` multiplies them by n / k, so that E[C(x)] = x over rounds; without it C only drops coordinates, which is
 * what error feedback needs: nothing is fed back of an unbiased one.
 */
export const randomK = defineCodec({
  name: 'random-k',
  config: z.object({
    density: z.number().positive().max(1).default(0.1).describe('part of the coordinates that is sent'),
    unbiased: z.boolean().default(true).describe('scale what is sent so that nothing is lost on average'),
    errorFeedback: errorFeedbackOption,
  }),
  properties: ({ unbiased, errorFeedback }) => (unbiased ? ['unbiased'] : fedBack(errorFeedback)),
  errorBound: (maxAbs, { density, unbiased }) => (unbiased ? maxAbs * (1 + 2 / density) : maxAbs),
  floorBits: (length, { density }) => 32 * keptCount(length, density),
  encode(update, { density, unbiased }, { shared }) {
    unwrap(requireFinite(update))
    const mask = sharedMask(update.length, keptCount(update.length, density), shared)
    const values = new Float32Array(mask.length)
    const factor = unbiased ? update.length / mask.length : 1
    for (let slot = 0; slot < mask.length; slot++) values[slot] = update[mask[slot]!]! * factor
    return littleEndian32(values)
  },
  decode(bytes, length, { density }, { shared }) {
    const count = keptCount(length, density)
    const read = fromLittleEndian32(bytes, count)
    const values = read.ok ? requireFinite(read.value) : read
    if (!values.ok) return values
    const mask = sharedMask(length, count, shared)
    const update = new Float32Array(length)
    for (let slot = 0; slot < count; slot++) update[mask[slot]!] = values.value[slot]!
    return ok(update)
  },
})

/** `count` of `length` positions, each set equally likely: the front of a shuffle of Fisher and Yates. */
function sharedMask(length: number, count: number, shared: RandomStream): Uint32Array {
  const positions = new Uint32Array(length)
  for (let at = 0; at < length; at++) positions[at] = at
  for (let at = 0; at < count; at++) {
    const other = at + shared.below(length - at)
    const moved = positions[at]!
    positions[at] = positions[other]!
    positions[other] = moved
  }
  return positions.subarray(0, count)
}
