import { uniformGrid } from '@tessera/math'
import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import {
  type Aggregator,
  bulyan,
  centeredClipping,
  coordinateMedian,
  geometricMedian,
  krum,
  multiKrum,
  normClipping,
  trimmedMean,
} from './index.ts'

type Point = readonly number[]

/** The rule's result for points that count the same. */
function combined(aggregator: Aggregator, options: Record<string, unknown>, points: readonly Point[]): number[] {
  const fold = aggregator.begin(uniformGrid(points[0]!.length, -20, 64), aggregator.config.parse(options))
  for (const point of points) unwrap(fold.add(Float32Array.from(point), 1))
  return Array.from(fold.finish())
}

/** Points on the line through the origin and (1, 10): squared distances are 101 times those of the first coordinates. */
const onLine = (...values: number[]): Point[] => values.map((value) => [value, 10 * value])

describe('robust rules, worked by hand', () => {
  it('coordinate median: the middle value, and the mean of the two in the middle', () => {
    const three = [
      [1, 10],
      [2, -5],
      [100, 0],
    ]
    expect(combined(coordinateMedian, {}, three)).toEqual([2, 0])
    expect(combined(coordinateMedian, {}, [...three, [3, 7]])).toEqual([2.5, 3.5]) // 1 2|3 100, -5 0|7 10
  })

  it('trimmed mean: without the smallest and the largest value', () => {
    const points = [
      [1, 0],
      [2, -50],
      [3, 3],
      [5, 3],
      [100, 0],
    ]
    expect(combined(trimmedMean, { attackers: 1 }, points)).toEqual([Math.fround(10 / 3), 1]) // 2 3 5, 0 0 3
    expect(combined(trimmedMean, { attackers: 2 }, points)).toEqual([3, 0]) // the median
  })

  it('Krum: five clients, one attacker, two neighbours', () => {
    // scores / 101: 0 -> 1+4, 1 -> 1+1, 2 -> 1+2.25, 3.5 -> 2.25+6.25, 100 -> more than 9000
    expect(combined(krum, { attackers: 1 }, onLine(0, 1, 2, 3.5, 100))).toEqual([1, 10])
  })

  it('Krum: of equal scores the update with the smaller bytes', () => {
    // 1, 2 and 3 have 1+1; 1 is 3f800000, 2 is 40000000, 3 is 40400000
    expect(combined(krum, { attackers: 1 }, onLine(4, 3, 2, 1, 0))).toEqual([1, 10])
  })

  it('multi-Krum: the mean of the four best of five', () => {
    expect(combined(multiKrum, { attackers: 1 }, onLine(0, 1, 2, 3.5, 100))).toEqual([1.625, 16.25]) // 6.5 / 4
  })

  it('Bulyan: five of seven chosen, the three nearest to their median', () => {
    // Krum chooses 2 (1+1+4+4 = 10), then 3 (1+4+4 = 9), 1 (1+9), 4 (1) and 0 (25), ties by bytes; 5 and 100 are left
    expect(combined(bulyan, { attackers: 1 }, onLine(0, 1, 2, 3, 4, 5, 100))).toEqual([2, 20]) // 1 2 3 of 0 1 2 3 4
    // with 6 for 5 the same five are chosen, with 1.5 for 1 the nearest to 2 are 1.5, 2 and 3
    expect(combined(bulyan, { attackers: 1 }, onLine(0, 1.5, 2, 3, 4, 6, 100))).toEqual(
      [Math.fround(6.5 / 3), 65 / 3].map(Math.fround),
    )
  })

  it('geometric median: one step from the median, and the point that it leads to', () => {
    const right = [
      [0, 0],
      [3, 0],
      [0, 4],
    ]
    // from (0, 0) with v = 1: weights 1, 1/3 and 1/4, so (1, 1) / (19/12)
    const step = combined(geometricMedian, { iterations: 1, smoothing: 1 }, right)
    expect(step).toEqual([Math.fround(12 / 19), Math.fround(12 / 19)])
    // where all three angles are below 120 degrees, the median sees every side under 120; here it is the centroid
    const equilateral = [
      [0, 0],
      [2, 0],
      [1, Math.sqrt(3)],
    ]
    const [x, y] = combined(geometricMedian, {}, equilateral)
    expect([x, y]).toEqual([expect.closeTo(1, 6), expect.closeTo(1 / Math.sqrt(3), 6)])
    // an angle of 152 degrees: the median is that corner
    const flat = [
      [-1, 0],
      [1, 0],
      [0, 0.25],
    ]
    expect(combined(geometricMedian, {}, flat)).toEqual([expect.closeTo(0, 5), expect.closeTo(0.25, 5)])
  })

  it('centered clipping: pulls of at most 1 from the median, and the mean when nothing is clipped', () => {
    const points = [
      [0, 0],
      [0, 2],
      [10, 0],
    ]
    // the median is (0, 0), the pulls are (0, 0), (0, 1) and (1, 0)
    expect(combined(centeredClipping, { radius: 1 }, points)).toEqual([Math.fround(1 / 3), Math.fround(1 / 3)])
    expect(combined(centeredClipping, { radius: 20 }, points)).toEqual([Math.fround(10 / 3), Math.fround(2 / 3)])
  })

  it('norm clipping: (3, 4) becomes (0.6, 0.8), what is shorter than 1 stays, and weights count', () => {
    const fold = normClipping.begin(uniformGrid(2, -40, 8), { maxNorm: 1 })
    unwrap(fold.add(Float32Array.of(3, 4), 1))
    unwrap(fold.add(Float32Array.of(0, 0.5), 3))
    const [x, y] = fold.finish()
    expect([x, y]).toEqual([expect.closeTo(0.15, 7), expect.closeTo(0.575, 7)]) // 0.6 / 4, (0.8 + 1.5) / 4
    expect(fold.maxAbs()).toEqual(Float64Array.of(4)) // of what was received
  })
})
