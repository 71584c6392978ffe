import { decodeBfloat16, encodeBfloat16 } from '@tessera/math'
import { err, FedError, ok, unwrap } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineCodec } from './codec.ts'
import { errorFeedbackOption, fedBack } from './error-feedback.ts'
import { requireFinite } from './finite.ts'
import { fromLittleEndian16, littleEndian16 } from './fixed-width.ts'
import { largestEntries } from './largest-entries.ts'
import { positionBits } from './position-bits.ts'
import { openSparse, readSparse, writeSparse } from './sparse-positions.ts'

/** Beyond twice the mean magnitude, error feedback diverges; see the bound below. */
const LARGEST_SCALE = 1.9
const SCALE_BYTES = 2

/**
 * ComPEFT's ternary form: the ⌊density · n⌋ largest entries become ±c, all others 0. Yadav et al. 2023
 * (https://arxiv.org/abs/2311.13171); the scale of Sattler et al. 2019 (STC, https://arxiv.org/abs/1903.02891).
 *
 * `mean-magnitude`: c = mean |x_S|, which makes ‖x − C(x)‖ least. `alpha-sigma`: c = α · σ of the whole update, at most
 * 1.9 mean |x_S|: ‖x − C(x)‖² = ‖x‖² − 2 c ‖x_S‖₁ + c² |S| shrinks only while c < 2 mean |x_S|.
 * Bytes: c (bfloat16, so rounded) · count · Golomb parameter · one Golomb-coded gap and one sign bit an entry.
 */
export const ternary = defineCodec({
  name: 'ternary',
  config: z.object({
    density: z.number().positive().max(1).default(0.1).describe('part of the coordinates that is sent'),
    scale: z.enum(['mean-magnitude', 'alpha-sigma']).default('mean-magnitude').describe('which c the entries become'),
    alpha: z.number().positive().default(1).describe('α of alpha-sigma'),
    errorFeedback: errorFeedbackOption,
  }),
  properties: ({ errorFeedback }) => ['contractive', ...fedBack(errorFeedback)],
  errorBound: (maxAbs) => 2 * maxAbs,
  floorBits(length, { density }) {
    const count = keptCount(length, density)
    return positionBits(length, count) + count + 8 * SCALE_BYTES
  },
  encode(update, { density, scale, alpha }) {
    unwrap(requireFinite(update))
    const kept = largestEntries(update, keptCount(update.length, density))
    const mean = meanMagnitude(update, kept)
    const wanted = scale === 'mean-magnitude' ? mean : alpha * deviation(update)
    const chosen = wanted > 0 ? Math.min(wanted, LARGEST_SCALE * mean) : mean
    const pattern = encodeBfloat16(Float32Array.of(chosen))
    const some = decodeBfloat16(pattern)[0] === 0 ? kept.subarray(0, 0) : kept
    const entries = writeSparse(some, 1, signsAt(update, some))
    const bytes = new Uint8Array(SCALE_BYTES + entries.length)
    bytes.set(littleEndian16(pattern))
    bytes.set(entries, SCALE_BYTES)
    return bytes
  },
  decode(bytes, length) {
    const scale = fromLittleEndian16(bytes.subarray(0, SCALE_BYTES), 1)
    if (!scale.ok) return scale
    const c = decodeBfloat16(scale.value)[0]!
    if (!(Number.isFinite(c) && c >= 0)) return err(new FedError('not-finite', `the scale of the update is ${c}`))
    const head = openSparse(bytes.subarray(SCALE_BYTES), length, 1)
    if (!head.ok) return head
    const update = new Float32Array(length)
    const read = readSparse(head.value, (position, minus) => {
      update[position] = minus === 1 ? -c : c
    })
    return read.ok ? ok(update) : read
  },
})

/** At least one entry of an update that is not empty. */
export const keptCount = (length: number, density: number): number =>
  length === 0 ? 0 : Math.max(1, Math.floor(density * length))

/** 1 for minus. */
function signsAt(update: Float32Array, kept: Uint32Array): Uint8Array {
  const signs = new Uint8Array(kept.length)
  for (let at = 0; at < kept.length; at++) signs[at] = update[kept[at]!]! < 0 ? 1 : 0
  return signs
}

function meanMagnitude(update: Float32Array, kept: Uint32Array): number {
  let sum = 0
  for (let at = 0; at < kept.length; at++) sum += Math.abs(update[kept[at]!]!)
  return kept.length === 0 ? 0 : sum / kept.length
}

/** √(Σ (x − mean)² / n), in float64. */
function deviation(update: Float32Array): number {
  let [sum, squares] = [0, 0]
  for (const value of update) sum += value
  const mean = sum / update.length
  for (const value of update) squares += (value - mean) ** 2
  return Math.sqrt(squares / update.length)
}
