import { addCombination, type RandomStream } from '@tessera/math'
import { INNER_LENGTH, innerVector, quadraticWork, symmetricDraw } from '@tessera/testing'
import { describe, expect, it } from 'vitest'
import { eggroll } from './eggroll.ts'
import type { Directions, Frame } from './subspace.ts'

const frame = eggroll.frame as Frame
const directionsOf = (options: Record<string, unknown>): Directions =>
  frame.directions(eggroll.config.parse(options) as never, { inner: innerVector(), round: 1, history: [] })

const bottom = symmetricDraw(INNER_LENGTH, 5)

/** The member as a vector over all matrices. */
function memberOf(directions: Directions, index: number, population: number): Float32Array {
  const vector = new Float32Array(INNER_LENGTH)
  directions.addInto(
    vector,
    Float32Array.from({ length: population }, (_, at) => (at === index ? 1 : 0)),
  )
  return vector
}

describe('eggroll', () => {
  it('has members A B / √r of the seed, worked by hand', () => {
    const member = memberOf(directionsOf({ members: 2, rank: 2 }), 1, 4)
    const key = { seed: 7, purpose: 'eggroll', round: 1, client: 0, block: 1 }
    const entries = new Float32Array((6 + 8) * 2)
    addCombination(entries, { key, distribution: 'bell' }, Float32Array.of(1), { vector: 1 })
    const [A, B] = [
      (row: number, s: number) => entries[row * 2 + s]!,
      (s: number, col: number) => entries[12 + s * 8 + col]!,
    ]
    for (const [row, col] of [
      [0, 0],
      [3, 5],
      [5, 7],
    ] as const) {
      const expected = (A(row, 0) * B(0, col) + A(row, 1) * B(1, col)) / Math.SQRT2
      expect(member[120 + row * 8 + col]).toBeCloseTo(expected, 6)
    }
  })

  it('gives every place members of its own, and sends −η slope / members of each', async () => {
    const directions = directionsOf({ members: 3, learningRate: 0.1, epsilon: 0.5 })
    const [first, second] = await Promise.all(
      [0, 1].map((place) => directions.search(quadraticWork(bottom, { place }))),
    )
    for (const [place, { coefficients }] of [first!, second!].entries()) {
      for (const [own, value] of coefficients.entries()) {
        const member = memberOf(directions, place * 3 + own, 6)
        const slope = -member.reduce((sum, entry, at) => sum + entry * bottom[at]!, 0)
        expect(value).toBeCloseTo((-0.1 * slope) / 3, 4)
      }
    }
    expect(first!.coefficients).not.toEqual(second!.coefficients)
  })

  it('evaluates a population spread over two places once in all: 3 members, 2 mirror images, 4 batches each', async () => {
    const calls: number[] = []
    const loss = async (step: number) => calls.push(step)
    await directionsOf({ members: 3 }).search(
      quadraticWork(bottom, { loss, random: undefined as unknown as RandomStream }),
    )
    expect(calls).toEqual([0, 1, 2, 3].flatMap((step) => Array<number>(6).fill(step)))
  })

  it('has a high-rank sum of members of rank 1', () => {
    const directions = directionsOf({ members: 4 })
    const sum = new Float32Array(INNER_LENGTH)
    directions.addInto(sum, Float32Array.of(1, 1, 0, 0, 0, 0, 0, 0))
    // a 2 × 2 minor of a matrix of rank 1 is 0, of a sum of two it is not
    const minor = (matrix: Float32Array) => matrix[0]! * matrix[11]! - matrix[1]! * matrix[10]!
    expect(Math.abs(minor(memberOf(directions, 0, 8)))).toBeLessThan(1e-5)
    expect(Math.abs(minor(sum))).toBeGreaterThan(1e-3)
  })

  it('refuses a population larger than what it moves', () => {
    const shape = () => frame.shape(eggroll.config.parse({ members: 85 }) as never, innerVector())
    expect(shape).toThrow(expect.objectContaining({ code: 'invalid-config' }))
    expect(shape).toThrow('a population of 170 is larger than the 168 parameters it moves')
  })
})
