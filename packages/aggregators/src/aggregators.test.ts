import { describeAggregator } from '@tessera/testing'
import { describe, expect, it } from 'vitest'
import { aggregators, centeredClipping, geometricMedian, weightedMean } from './index.ts'

for (const aggregator of aggregators.plugins) {
  describeAggregator(aggregator)
  const others = 'attackers' in aggregator.config.shape ? [0, 2] : []
  for (const attackers of others) describeAggregator(aggregator, { attackers })
}
describeAggregator(centeredClipping, { radius: 100, iterations: 3 })
describeAggregator(geometricMedian, { iterations: 3, smoothing: 0.1 })

describe('weightedMean', () => {
  it('averages two clients by examples, worked by hand', () => {
    const updates = [
      { update: Float32Array.of(1, 0), weight: 1 },
      { update: Float32Array.of(4, 2), weight: 2 },
    ]
    expect(Array.from(weightedMean.aggregate(updates, 2))).toEqual([3, Math.fround(4 / 3)]) // (1+8)/3, (0+4)/3
  })

  it('keeps a large and a small segment apart, each on its own grid', () => {
    const updates = [
      { update: Float32Array.of(2 ** 60, 2 ** -60), weight: 1 },
      { update: Float32Array.of(0, 2 ** -60), weight: 1 },
    ]
    const segments = [
      { offset: 0, length: 1 },
      { offset: 1, length: 1 },
    ]
    expect(Array.from(weightedMean.aggregate(updates, 2, segments))).toEqual([2 ** 59, 2 ** -60])
    expect(Array.from(weightedMean.aggregate(updates, 2))).toEqual([2 ** 59, 0]) // one grid in steps of 2^8
  })

  it('cancels what cancels exactly, where float32 sums depend on the order', () => {
    const values = [1e8, 1, -1e8]
    const updates = values.map((value) => ({ update: Float32Array.of(value), weight: 1 }))
    expect(Array.from(weightedMean.aggregate(updates, 1))).toEqual([Math.fround(1 / 3)])
  })
})

describe('aggregators', () => {
  it('are selected by rule, and an unknown one is answered with the known ones', () => {
    expect(aggregators.selection.parse({ rule: 'weighted-mean' })).toEqual({ rule: 'weighted-mean' })
    const missing = aggregators.byName('average')
    expect(missing.ok ? '' : `${missing.error.code}: ${missing.error.fix}`).toBe(
      `unknown-aggregator: Use one of: ${aggregators.names.join(', ')}.`,
    )
  })
})
