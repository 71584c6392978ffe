import {
  createReplay,
  type Directions,
  type Frame,
  type InnerMatrix,
  type InnerVector,
  type RoundWork,
  type Subspace,
} from '@tessera/subspaces'
import { describe, expect, it } from 'vitest'
import { testRandom } from './synthetic-matrix.ts'

/** Two matrices of 12 × 10 and 6 × 8: 168 inner coordinates. */
const INNER_MATRICES: readonly InnerMatrix[] = [
  { name: 'a.D', offset: 0, rows: 12, cols: 10, changesWeight: true },
  { name: 'b.D', offset: 120, rows: 6, cols: 8, changesWeight: true },
]
export const INNER_LENGTH = 168
const PLACES = 2
const ROUNDS = 3

export const symmetricDraw = (length: number, seed: number, scale = 1): Float32Array => {
  const random = testRandom(seed)
  return Float32Array.from({ length }, () => scale * random.symmetricUniform())
}

export const innerVector = (seed: number | bigint = 7): InnerVector => ({
  seed,
  matrices: INNER_MATRICES,
  places: PLACES,
  weightOf: (matrix) => symmetricDraw(INNER_MATRICES[matrix]!.rows * INNER_MATRICES[matrix]!.cols, 100 + matrix),
})

/**
 * A client's round at a quadratic loss with a known bottom: L(x) = ½ ‖x − bottom‖², the same in every step.
 * `descend` goes to the bottom at once.
 */
export function quadraticWork(bottom: Float32Array, parts: Partial<RoundWork> = {}): RoundWork {
  const received = parts.received ?? new Float32Array(bottom.length)
  return {
    received,
    place: 0,
    random: testRandom(3),
    factors: [1, 1, 1, 1],
    descend: async () => bottom.map((value, at) => value - received[at]!),
    loss: async (_step, inner) => inner.reduce((sum, value, at) => sum + (value - bottom[at]!) ** 2 / 2, 0),
    gradient: async (_step, inner) => inner.map((value, at) => value - bottom[at]!),
    ...parts,
  }
}

interface Subject {
  readonly frame: Frame
  readonly config: never
  readonly length: number
  readonly sent: number
  readonly directions: (round?: number, seed?: number) => Directions
}

/**
 * The laws of a subspace: its moves are linear in the numbers, the same bytes at everyone, and told apart by their
 * schedule; who comes late is where all others are; what a client sends is as much as the subspace says, within its
 * bound, and leads downhill on average over seeds; where a client feeds back what that leaves, it is less than there was.
 *
 * @param options The subspace's options under test.
 */
export function describeSubspace(subspace: Subspace, options: Record<string, unknown> = {}): void {
  const { frame } = subspace
  if (frame === null) throw new Error(`${subspace.name} moves nothing that could be judged`)
  const config = subspace.config.parse(options) as never
  const { length, sent } = frame.shape(config, innerVector())
  const directions = (round = 1, seed = 7): Directions => {
    const history =
      frame.per === 'run' ? [] : Array.from({ length: round - 1 }, (_, at) => symmetricDraw(length, at + 1, 0.1))
    return frame.directions(config, { inner: innerVector(seed), round, history })
  }
  const subject = { frame, config, length, sent, directions }
  describe(`subspace ${subspace.name} ${JSON.stringify(options)}`, () => {
    describeMoves(subject)
    describeReplay(subject)
    describeSearch(subject)
    if (frame.feedsBack?.(config)) describeFeedback(subject)
  })
}

const moved = (directions: Directions, coefficients: Float32Array): Float32Array => {
  const inner = new Float32Array(INNER_LENGTH)
  directions.addInto(inner, coefficients)
  return inner
}

function describeMoves({ length, directions }: Subject): void {
  it('moves by sums of its vectors: linear in the numbers, up to rounding', () => {
    const [a, b] = [symmetricDraw(length, 1), symmetricDraw(length, 2)]
    const both = moved(
      directions(),
      a.map((value, at) => 2 * value - b[at]!),
    )
    const [of, and] = [moved(directions(), a), moved(directions(), b)]
    const size = Math.max(...both.map(Math.abs), 1)
    for (const [at, value] of both.entries()) {
      expect(Math.abs(value - (2 * of[at]! - and[at]!))).toBeLessThan(2 ** -23 * (length + 4) * 4 * size)
    }
    expect(moved(directions(), new Float32Array(length))).toEqual(new Float32Array(INNER_LENGTH))
  })

  it('moves everyone alike, bit for bit, and along other vectors under another seed', () => {
    const numbers = symmetricDraw(length, 1)
    expect(moved(directions(), numbers)).toEqual(moved(directions(), numbers))
    expect(moved(directions(1, 8), numbers)).not.toEqual(moved(directions(1, 7), numbers))
    expect(directions(1, 8).schedule).not.toBe(directions(1, 7).schedule)
    expect(directions().schedule).toBe(directions().schedule)
  })
}

function describeReplay({ frame, config, length, directions }: Subject): void {
  const { per } = frame
  const start = symmetricDraw(INNER_LENGTH, 50)
  const replay = () => createReplay({ frame, config, inner: innerVector(), start })
  const stretches = per === 'run' ? 1 : ROUNDS
  /** The coordinates of the run after so many rounds. */
  const after = (rounds: number): Float32Array => {
    const coordinates = new Float32Array(stretches * length)
    if (per === 'run') return symmetricDraw(length, rounds, rounds === 0 ? 0 : 0.1)
    for (let at = 0; at < rounds; at++) coordinates.set(symmetricDraw(length, at + 1, 0.1), at * length)
    return coordinates
  }

  it('brings who comes late to the same bytes as who was there from the start', () => {
    const always = replay()
    expect(always.at(after(0))).toEqual(start)
    for (let round = 1; round <= ROUNDS; round++) expect(always.at(after(round))).toEqual(replay().at(after(round)))
    expect(always.directions(ROUNDS, after(ROUNDS)).schedule).toBe(directions(ROUNDS).schedule)
  })

  it('can go back to an earlier version, and gives vectors that are not its own', () => {
    const always = replay()
    always.at(after(ROUNDS)).fill(0)
    expect(always.at(after(1))).toEqual(replay().at(after(1)))
    expect(always.at(after(ROUNDS))).toEqual(replay().at(after(ROUNDS)))
  })
}

function describeSearch({ frame, config, sent, length, directions }: Subject): void {
  it('sends as much as it says, within its bound, from the same work the same', async () => {
    const bottom = symmetricDraw(INNER_LENGTH, 60, 0.5)
    const found = await directions().search(quadraticWork(bottom))
    expect(found.coefficients).toHaveLength(sent)
    const again = await directions().search(quadraticWork(bottom))
    expect(again).toEqual(found)
    const bound = frame.largest(config, innerVector(), { inner: 0.5, factors: [1, 1, 1, 1] })
    for (const value of found.coefficients) expect(Math.abs(value)).toBeLessThanOrEqual(bound)
  })

  it('leaves the received vector as it was, and moves downhill on average over 40 seeds', async () => {
    const bottom = symmetricDraw(INNER_LENGTH, 61, 0.5)
    const alignments: number[] = []
    for (let seed = 0; seed < 40; seed++) {
      const work = quadraticWork(bottom, { random: testRandom(seed) })
      const { coefficients } = await directions(1, seed).search(work)
      const all = new Float32Array(length)
      all.set(coefficients)
      const step = moved(directions(1, seed), all)
      alignments.push(step.reduce((sum, value, at) => sum + value * bottom[at]!, 0))
      expect(work.received).toEqual(new Float32Array(INNER_LENGTH))
    }
    expect(alignments.reduce((sum, value) => sum + value, 0)).toBeGreaterThan(0)
  })
}

function describeFeedback({ length, directions }: Subject): void {
  it('leaves less of what it is to say than there is of it, ‖p − V γ‖² on average over 200 seeds', async () => {
    const sum = symmetricDraw(INNER_LENGTH, 62)
    const parts: number[] = []
    for (let seed = 0; seed < 200; seed++) {
      const { coefficients } = await directions(1, seed).search(quadraticWork(sum))
      const all = new Float32Array(length)
      all.set(coefficients)
      const said = moved(directions(1, seed), all)
      parts.push(squaredNorm(sum.map((value, at) => value - said[at]!)) / squaredNorm(sum))
    }
    const mean = parts.reduce((total, part) => total + part, 0) / parts.length
    const deviation = Math.sqrt(parts.reduce((total, part) => total + (part - mean) ** 2, 0) / (parts.length - 1))
    // 4 standard errors below 1
    expect(mean + (4 * deviation) / Math.sqrt(parts.length)).toBeLessThan(1)
  })
}

const squaredNorm = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0)
