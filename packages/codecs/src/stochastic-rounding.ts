import type { RandomStream } from '@tessera/math'
import type { FedError, Result, Update } from '@tessera/vocabulary'
import { requireFinite } from './finite.ts'

/** Integers of a block and the step that they count: x ≈ step · q. */
export interface QuantisedBlocks {
  /** One a block of `block` coordinates, float32. */
  readonly steps: Float32Array
  /** In [-levels, levels]. */
  readonly integers: Int8Array
}

/**
 * Quantise block by block: step = max |x| / levels, q = ⌊x / step + u⌋ with u uniform in [0, 1), so that E[step · q] = x.
 * Alistarh et al. 2017, QSGD (https://arxiv.org/abs/1610.02132), with a max norm a block. Exact for what lies on the
 * grid already. A block of zeros has step 0.
 */
export function quantise(
  update: Update,
  { levels, block }: { levels: number; block: number },
  random: RandomStream,
): QuantisedBlocks {
  const steps = new Float32Array(Math.ceil(update.length / block))
  const integers = new Int8Array(update.length)
  for (let at = 0; at < steps.length; at++) {
    const [from, to] = [at * block, Math.min(update.length, (at + 1) * block)]
    let largest = 0
    for (let i = from; i < to; i++) largest = Math.max(largest, Math.abs(update[i]!))
    const step = Math.fround(largest / levels)
    steps[at] = step
    if (step === 0) continue
    for (let i = from; i < to; i++) {
      const q = Math.floor(update[i]! / step + random.uniform())
      integers[i] = Math.max(-levels, Math.min(levels, q))
    }
  }
  return { steps, integers }
}

/** x = step · q, rounded to float32 once. Error: `not-finite`: a product overflows. */
export function dequantise({ steps, integers }: QuantisedBlocks, block: number): Result<Update, FedError> {
  const update = new Float32Array(integers.length)
  for (let at = 0; at < steps.length; at++) {
    const step = steps[at]!
    const to = Math.min(integers.length, (at + 1) * block)
    for (let i = at * block; i < to; i++) update[i] = step * integers[i]!
  }
  return requireFinite(update)
}
