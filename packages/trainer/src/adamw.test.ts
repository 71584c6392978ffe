import { createRandomStream } from '@tessera/math'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { adamw } from './adamw.ts'
import { localOptimizers } from './local-optimizers.ts'
import { placeOf } from './optimizer-place.ts'

const defaults = { learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 }
const begin = (config: typeof defaults, length: number) => adamw.begin(config as never, placeOf([length]))

/** The paper's equations in float64, the moments as the sums they stand for instead of by recursion. */
function oracle(start: readonly number[], gradients: readonly (readonly number[])[], config: typeof defaults) {
  const { learningRate, beta1, beta2, epsilon, weightDecay } = config
  const moment = (beta: number, t: number, values: readonly number[]) =>
    values.slice(0, t).reduce((sum, value, i) => sum + (1 - beta) * beta ** (t - 1 - i) * value, 0) / (1 - beta ** t)
  return start.map((received, at) => {
    const g = gradients.map((gradient) => gradient[at]!)
    let theta = received
    for (let t = 1; t <= g.length; t++) {
      const mHat = moment(beta1, t, g)
      const vHat = moment(
        beta2,
        t,
        g.map((each) => each ** 2),
      )
      theta = theta - learningRate * weightDecay * theta - (learningRate * mHat) / (Math.sqrt(vHat) + epsilon)
    }
    return theta
  })
}

describe('AdamW', () => {
  const gradients = [
    [1, -2, 0.5],
    [0.5, -2, -0.5],
    [-3, 0.25, 0],
    [0.1, 0.1, 0.1],
    [2, -1, 4],
  ]

  it.each([0, 0.1])('follows the equations of the paper for five steps, weight decay %d', (weightDecay) => {
    const coordinates = Float32Array.of(1, -1, 0)
    const run = begin({ ...defaults, weightDecay }, 3)
    for (const gradient of gradients) run.stepInto(coordinates, Float32Array.from(gradient), 1)
    const expected = oracle([1, -1, 0], gradients, { ...defaults, weightDecay })
    for (const [at, value] of expected.entries()) expect(coordinates[at]).toBeCloseTo(value, 6)
  })

  it('moves every coordinate by the learning rate in its first step, whatever the gradient is', () => {
    const coordinates = new Float32Array(3)
    begin(defaults, 3).stepInto(coordinates, Float32Array.of(1e-3, -7, 0), 0.5)
    expect(coordinates[0]).toBeCloseTo(-0.05, 6)
    expect(coordinates[1]).toBeCloseTo(0.05, 6)
    expect(coordinates[2]).toBe(0)
  })

  it('keeps a NaN where it was', () => {
    const coordinates = new Float32Array(2)
    begin(defaults, 2).stepInto(coordinates, Float32Array.of(Number.NaN, 1), 1)
    expect(coordinates[0]).toBeNaN()
    expect(coordinates[1]).toBeCloseTo(-0.1, 6)
  })

  it('refuses a gradient of another length', () => {
    expect(() => begin(defaults, 2).stepInto(new Float32Array(2), new Float32Array(3), 1)).toThrow('expected length 2')
  })
})

describe('the largest update of AdamW', () => {
  const bound = (config: typeof defaults, factors: number[], largest: number) =>
    adamw.largestUpdate(config as never, { factors, largestCoordinate: largest, matrices: [] })

  it('is never passed, by gradients of any size, with and without decay', () => {
    const betas = fc.constantFrom(0, 0.5, 0.9, 0.99)
    fc.assert(
      fc.property(
        fc.nat(),
        betas,
        fc.constantFrom(0.9, 0.99, 0.999),
        fc.constantFrom(0, 0.5),
        (seed, beta1, beta2, weightDecay) => {
          const config = { ...defaults, beta1, beta2, weightDecay }
          const random = createRandomStream({ seed, purpose: 'test', round: 0, client: 0, block: 0 })
          const start = Float32Array.from({ length: 8 }, () => random.bell())
          const coordinates = start.slice()
          const run = begin(config, 8)
          const factors = Array.from({ length: 25 }, () => random.uniform())
          for (const factor of factors) {
            run.stepInto(
              coordinates,
              Float32Array.from({ length: 8 }, () => random.bell() * 10 ** random.below(20) * 1e-12),
              factor,
            )
          }
          const limit = bound(config, factors, Math.max(...start.map(Math.abs)))
          for (const [at, value] of coordinates.entries())
            expect(Math.abs(value - start[at]!)).toBeLessThanOrEqual(limit)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('is reached by the gradients of its derivation: g of step i proportional to (β₁ / β₂)^(t − i)', () => {
    const config = { ...defaults, epsilon: 1e-12 }
    const steps = 12
    const coordinates = Float32Array.of(0)
    const run = begin(config, 1)
    let before = 0
    for (let i = 1; i <= steps; i++) {
      before = coordinates[0]!
      run.stepInto(coordinates, Float32Array.of((config.beta1 / config.beta2) ** (steps - i)), 1)
    }
    const lastStep = Math.abs(coordinates[0]! - before)
    const ones = (count: number) => new Array<number>(count).fill(1)
    const lastBound = bound(config, ones(steps), 0) - bound(config, ones(steps - 1), 0)
    expect(lastStep / lastBound).toBeGreaterThan(0.999)
    expect(lastStep / lastBound).toBeLessThanOrEqual(1)
  })

  it('is one learning rate after one step', () => {
    expect(bound(defaults, [1], 0)).toBeCloseTo(0.1, 6)
  })
})

it('the registry fills in the defaults of an optimizer and refuses an unknown one', () => {
  expect(localOptimizers.selection.parse({ name: 'adamw', learningRate: 1 })).toEqual({
    ...defaults,
    name: 'adamw',
    learningRate: 1,
  })
  expect(localOptimizers.selection.safeParse({ name: 'sgdw' }).success).toBe(false)
  expect(localOptimizers.byName('sgdw')).toMatchObject({ ok: false, error: { code: 'unknown-optimizer' } })
})
