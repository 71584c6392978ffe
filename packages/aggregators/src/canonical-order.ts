import type { WeightedUpdate } from './weighted-update.ts'

/**
 * Sorted by the bits of the updates, and those of equal bits by weight: whatever is computed in this order does not depend
 * on the order of arrival.
 */
export function inCanonicalOrder(updates: readonly WeightedUpdate[]): WeightedUpdate[] {
  return updates
    .map((own) => ({ own, bits: new Uint32Array(own.update.buffer, own.update.byteOffset, own.update.length) }))
    .sort((a, b) => compareBits(a.bits, b.bits) || a.own.weight - b.own.weight)
    .map(({ own }) => own)
}

function compareBits(a: Uint32Array, b: Uint32Array): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return 0
}
