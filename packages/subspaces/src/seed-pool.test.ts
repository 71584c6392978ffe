import { INNER_LENGTH, innerVector, quadraticWork, symmetricDraw } from '@tessera/testing'
import { describe, expect, it } from 'vitest'
import { seedPool } from './seed-pool.ts'
import type { Directions, Frame } from './subspace.ts'

const frame = seedPool.frame as Frame

const directionsOf = (options: Record<string, unknown>): Directions =>
  frame.directions(seedPool.config.parse(options) as never, { inner: innerVector(), round: 1, history: [] })

const only = (vector: number, value: number, count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, at) => (at === vector ? value : 0))

const bottom = symmetricDraw(INNER_LENGTH, 5)

describe('seed-pool', () => {
  it('takes its steps at once and sends −Σ η g of each vector, worked by hand for a pool of one', async () => {
    const directions = directionsOf({ seeds: 1, learningRate: 1e-3, epsilon: 0.5 })
    const { coefficients } = await directions.search(quadraticWork(bottom, { factors: [1, 0.5] }))
    // on a quadratic two losses give the slope zᵀ(x − bottom) exactly; ‖z‖² = 168 for entries of ±1
    const z = new Float32Array(INNER_LENGTH)
    directions.addInto(z, Float32Array.of(1))
    const slope = -z.reduce((sum, value, at) => sum + value * bottom[at]!, 0)
    const [first, second] = [-1e-3 * slope, -0.5e-3 * (slope + 168 * -1e-3 * slope)]
    expect(coefficients[0]).toBeCloseTo(first + second, 5)
  })

  it('lets gradient workers and forward-only workers find the same, up to the rounding of a loss on a quadratic', async () => {
    const [byLosses, byGradients] = await Promise.all(
      ['losses', 'gradients'].map((estimate) =>
        directionsOf({ seeds: 8, estimate, epsilon: 0.5, learningRate: 1e-3 }).search(quadraticWork(bottom)),
      ),
    )
    for (const [at, value] of byLosses!.coefficients.entries())
      expect(value).toBeCloseTo(byGradients!.coefficients[at]!, 5)
    const forwardOnly = await directionsOf({
      seeds: 8,
      estimate: 'gradients',
      epsilon: 0.5,
      learningRate: 1e-3,
    }).search(quadraticWork(bottom, { gradient: null }))
    expect(forwardOnly.coefficients).toEqual(byLosses!.coefficients)
  })

  it('finds slopes from losses up to ε²/6 of the third derivative', async () => {
    // L(x) = Σ x³/6: along z of ±1 entries two losses give Σ z x²/2 + ε² Σ z³/6, and Σ z³ = Σ z
    const cubic = quadraticWork(new Float32Array(INNER_LENGTH), {
      received: bottom,
      factors: [1],
      loss: async (_step, inner) => inner.reduce((sum, value) => sum + value ** 3 / 6, 0),
      gradient: async (_step, inner) => inner.map((value) => value ** 2 / 2),
    })
    const [epsilon, learningRate] = [0.25, 2 ** -10]
    const z = new Float32Array(INNER_LENGTH)
    directionsOf({ seeds: 1 }).addInto(z, Float32Array.of(1))
    const options = { seeds: 1, epsilon, learningRate }
    const [losses, gradients] = [
      await directionsOf(options).search(cubic),
      await directionsOf({ ...options, estimate: 'gradients' }).search(cubic),
    ]
    const difference = (gradients.coefficients[0]! - losses.coefficients[0]!) / learningRate
    const expected = (epsilon ** 2 / 6) * z.reduce((sum, value) => sum + value, 0)
    expect(Math.abs(difference - expected)).toBeLessThan(1e-4)
    expect(Math.abs(difference)).toBeLessThanOrEqual((epsilon ** 2 / 6) * INNER_LENGTH)
  })

  it('clips slopes, so that no loss can leave the bound', async () => {
    const { coefficients, metrics } = await directionsOf({ seeds: 1, largestSlope: 2, learningRate: 1 }).search(
      quadraticWork(bottom, { loss: async (_step, inner) => 1e6 * inner[0]! }),
    )
    expect(metrics['steepest-slope']).toBeGreaterThan(2)
    expect(Math.abs(coefficients[0]!)).toBe(8) // four steps
  })

  it('moves only the smallest base weights of each matrix where it is sparse, the same ones at everyone', async () => {
    const directions = directionsOf({ seeds: 4, smallest: 0.25 })
    const moved = new Float32Array(INNER_LENGTH)
    directions.addInto(moved, Float32Array.of(1, 2, 4, 8))
    const { matrices, weightOf } = innerVector()
    for (const [at, { offset, rows, cols }] of matrices.entries()) {
      const sizes = weightOf!(at).map(Math.abs)
      const largestMoved = Math.max(...sizes.filter((_, i) => moved[offset + i] !== 0))
      const resting = sizes.filter((_, i) => moved[offset + i] === 0)
      expect(resting).toHaveLength((rows * cols * 3) / 4)
      expect(Math.min(...resting)).toBeGreaterThan(largestMoved)
    }
    const { coefficients } = await directions.search(quadraticWork(bottom))
    const dense = directionsOf({ seeds: 4 })
    expect(dense.schedule).not.toBe(directions.schedule)
    expect(coefficients).not.toEqual((await dense.search(quadraticWork(bottom))).coefficients)
  })

  it('adds one vector as it adds all: a replay is the sum of the steps', () => {
    const directions = directionsOf({ seeds: 3, distribution: 'bell' })
    const [all, one] = [new Float32Array(INNER_LENGTH), new Float32Array(INNER_LENGTH)]
    directions.addInto(all, Float32Array.of(0.5, -2, 0.25))
    for (const [vector, value] of [0.5, -2, 0.25].entries()) directions.addInto(one, only(vector, value, 3))
    expect(one).toEqual(all)
  })

  it('refuses a pool larger than what it moves, and a sparse one where nothing has the shape of a base weight', () => {
    const shape = (options: Record<string, unknown>, changesWeight = true) => {
      const matrices = innerVector().matrices.map((matrix) => ({ ...matrix, changesWeight }))
      return frame.shape(seedPool.config.parse(options) as never, { matrices, places: 1 })
    }
    expect(() => shape({ seeds: 169 })).toThrow(
      expect.objectContaining({ code: 'invalid-config', fix: 'Set subspace.seeds to at most 168.' }),
    )
    expect(() => shape({ seeds: 8, smallest: 0.5 }, false)).toThrow(expect.objectContaining({ code: 'invalid-config' }))
    expect(shape({ seeds: 8, smallest: 0.5 })).toEqual({ length: 8, sent: 8 })
  })
})
