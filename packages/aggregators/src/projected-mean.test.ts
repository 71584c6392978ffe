import { uniformGrid } from '@tessera/math'
import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { factorMean, projectedMean } from './index.ts'

/** One row of two numbers that is a line, and a plain number after it. */
const LINES = [{ offset: 0, rows: 1, cols: 2 }]

interface Client {
  readonly point: readonly [number, number]
  readonly plain?: number
  readonly weight?: number
}

/** Where the coordinates are after a round of these clients, from these ones. */
function after([x, y]: readonly [number, number], clients: readonly Client[], rule = projectedMean): number[] {
  const received = Float32Array.of(x, y, 0)
  const fold = rule.begin(uniformGrid(3, -40, 100), {}, { pairs: [], lines: LINES, received, restart: received })
  for (const { point, plain = 0, weight = 1 } of clients) {
    unwrap(fold.add(Float32Array.of(point[0] - x, point[1] - y, plain), weight))
  }
  const update = fold.finish()
  return Array.from(received, (value, at) => value + update[at]!)
}

const near = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 6))
const HALF = Math.SQRT1_2

describe('projected-mean', () => {
  it.each([
    ['the middle', [HALF, HALF]],
    ['one of them', [1, 0]],
  ] as const)('of two unit vectors at 90° is the unit vector between them, from %s', (_from, received) => {
    const clients = [{ point: [1, 0] }, { point: [0, 1] }] as const
    expect(after(received, clients)).toEqual(near([HALF, HALF, 0]))
    const plain = after(received, clients, factorMean)
    expect(Math.hypot(plain[0]!, plain[1]!)).toBeCloseTo(HALF, 6) // the mean (1/2, 1/2) has left the circle
  })

  it('counts weights: (3, 1) / √10 for 3 : 1, and the mean of all else, 1/4', () => {
    const clients: Client[] = [
      { point: [1, 0], weight: 3 },
      { point: [0, 1], plain: 1 },
    ]
    expect(after([HALF, HALF], clients)).toEqual(near([3 / Math.sqrt(10), 1 / Math.sqrt(10), 0.25]))
  })

  it('counts directions whatever their lengths, and gives the mean of the lengths: 1 and 9 give 5', () => {
    expect(after([1, 1], [{ point: [1, 0] }, { point: [0, 9] }])).toEqual(near([5 * HALF, 5 * HALF, 0]))
  })

  it('of one client is its own vector', () => {
    expect(after([1, 0.5], [{ point: [0.6, 0.8], plain: 2 }])).toEqual(near([0.6, 0.8, 2]))
  })

  it('takes of u and −u, which are one line, the received side: antipodal clients agree', () => {
    expect(after([1, 0], [{ point: [0.6, 0.8] }, { point: [-0.6, -0.8] }])).toEqual(near([0.6, 0.8, 0]))
  })

  it('is the plain mean where directions cancel on the edge of the received side, or nothing was received', () => {
    expect(after([1, 0], [{ point: [0, 2] }, { point: [0, -1] }])).toEqual(near([0, 0.5, 0]))
    expect(after([0, 0], [{ point: [3, 0] }, { point: [0, 1] }])).toEqual(near([1.5, 0.5, 0]))
  })

  it('counts a vector without a direction for nothing', () => {
    expect(after([1, 0], [{ point: [0, 0] }, { point: [0.6, 0.8], weight: 3 }])).toEqual(near([0.45, 0.6, 0]))
  })

  it('gives the same bytes in any order of arrival', () => {
    const clients: Client[] = [{ point: [0.3, 0.7], weight: 5 }, { point: [1, 0.1] }, { point: [-2, 0.4], weight: 2 }]
    expect(after([1, 1], clients.toReversed())).toEqual(after([1, 1], clients))
  })
})
