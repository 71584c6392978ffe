import { decodeFloat16 } from '@tessera/math'
import { z } from 'zod'
import { defineCodec } from './codec.ts'
import { errorFeedbackOption, fedBack } from './error-feedback.ts'
import { requireFinite } from './finite.ts'
import { float16Patterns } from './float16.ts'
import { largestEntries } from './largest-entries.ts'
import { positionBits } from './position-bits.ts'
import { openSparse, readSparse, writeSparse } from './sparse-positions.ts'
import { keptCount } from './ternary.ts'

const BITS = 16

/**
 * Top-k sparsification: the ⌊density · n⌋ entries of largest magnitude, as float16; all others are 0. Aji and Heafield
 * 2017 (https://arxiv.org/abs/1704.05021). One Golomb-coded gap and 16 bits an entry.
 */
export const topK = defineCodec({
  name: 'top-k',
  config: z.object({
    density: z.number().positive().max(1).default(0.1).describe('part of the coordinates that is sent'),
    errorFeedback: errorFeedbackOption,
  }),
  properties: ({ errorFeedback }) => ['idempotent', 'contractive', ...fedBack(errorFeedback)],
  errorBound: (maxAbs) => maxAbs,
  floorBits(length, { density }) {
    const count = keptCount(length, density)
    return positionBits(length, count) + BITS * count
  },
  encode(update, { density }) {
    const patterns = float16Patterns(update)
    const kept = largestEntries(update, keptCount(update.length, density)).filter((at) => !vanishes(update[at]!))
    const entries = new Uint16Array(kept.length)
    for (let at = 0; at < kept.length; at++) entries[at] = patterns[kept[at]!]!
    return writeSparse(kept, BITS, entries)
  },
  decode(bytes, length) {
    const head = openSparse(bytes, length, BITS)
    if (!head.ok) return head
    const patterns = new Uint16Array(length)
    const read = readSparse(head.value, (position, pattern) => {
      patterns[position] = pattern
    })
    return read.ok ? requireFinite(decodeFloat16(patterns)) : read
  },
})

/** What float16 rounds to zero is not worth a position. */
const vanishes = (value: number): boolean => Math.abs(value) <= 2 ** -25
