import type { BaseChange } from '@tessera/federation'
import { fromFloat32, multiply } from '@tessera/math'
import { FedError, type Site } from '@tessera/vocabulary'
import type { LoraPair } from './lora-pair.ts'

/**
 * What an adapter and its run have changed at a site, as one pair: b a + left right = [b left] [a; right].
 *
 * @throws {FedError} `not-exportable`: the ranks add up to more than half of those that the layer has.
 */
export function stackedPair(site: Site, pair: LoraPair, changes: readonly BaseChange[]): LoraPair {
  const change = changes.find((own) => own.site === site.name)
  if (change === undefined) return pair
  const { name, outDim, inDim } = site
  const rank = pair.rank + change.rank
  if (rank > Math.min(outDim, inDim) / 2) {
    const message = `the rounds of this run have added up to a weight change of rank ${rank} at ${name}`
    throw new FedError('not-exportable', message, {
      details: { site: name, rank },
      fix: 'Export merged weights instead.',
    })
  }
  const b = new Float32Array(outDim * rank)
  for (let row = 0; row < outDim; row++) {
    b.set(pair.b.subarray(row * pair.rank, (row + 1) * pair.rank), row * rank)
    b.set(change.left.subarray(row * change.rank, (row + 1) * change.rank), row * rank + pair.rank)
  }
  const a = Float32Array.of(...pair.a, ...change.right)
  const whole = multiply(fromFloat32(outDim, rank, b), fromFloat32(rank, inDim, a)).data
  const largest = whole.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return { rank, b, a, largest, difference: pair.difference }
}
