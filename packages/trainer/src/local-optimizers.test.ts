import { createRandomStream, matrix, multiply, transpose } from '@tessera/math'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { adamw } from './adamw.ts'
import { galore } from './galore.ts'
import type { OptimizerPlace } from './local-optimizer.ts'
import { localOptimizers } from './local-optimizers.ts'
import { loraPlus } from './lora-plus.ts'
import { normuon, orthogonalise } from './normuon.ts'
import { sgd } from './sgd.ts'

/** B [6, 3] and A [3, 4]: 30 coordinates. */
const MATRICES = [
  { factor: 'B', offset: 0, rows: 6, cols: 3 },
  { factor: 'A', offset: 18, rows: 3, cols: 4 },
]
const LENGTH = 30
const place = (round = 1): OptimizerPlace => ({
  length: LENGTH,
  matrices: MATRICES,
  random: (block) => createRandomStream({ seed: 5, purpose: 'optimizer', round, client: 0, block }),
})
const noise = (seed: number, scale = 1) => {
  const random = createRandomStream({ seed, purpose: 'test', round: 0, client: 0, block: 0 })
  return () => Float32Array.from({ length: LENGTH }, () => scale * random.bell())
}

for (const optimizer of localOptimizers.plugins) {
  const config = optimizer.config.parse({ rank: 2 }) as never
  describe(`local optimizer ${optimizer.name}`, () => {
    it('takes the same steps from the same gradients, byte for byte, and leaves the gradients alone', () => {
      const run = () => {
        const [optimize, gradient] = [optimizer.begin(config, place()), noise(1)]
        const coordinates = noise(2)()
        for (let step = 0; step < 5; step++) {
          const given = gradient()
          const kept = given.slice()
          optimize.stepInto(coordinates, given, 0.5)
          expect(given).toEqual(kept)
        }
        return coordinates
      }
      expect(run()).toEqual(run())
      expect(run()).not.toEqual(noise(2)())
    })

    it('goes downhill: 60 steps on ‖θ‖² / 2 take most of it away', () => {
      const coordinates = noise(3)()
      const value = () => coordinates.reduce((sum, x) => sum + x * x, 0)
      const [before, run] = [value(), optimizer.begin({ ...(config as object), learningRate: 0.1 } as never, place())]
      for (let step = 0; step < 60; step++) run.stepInto(coordinates, coordinates.slice(), 1)
      expect(value()).toBeLessThan(before * 0.7)
    })

    it('never moves a coordinate further than its bound, whatever the size of the gradients', () => {
      fc.assert(
        fc.property(fc.nat(), fc.integer({ min: -12, max: 12 }), (seed, power) => {
          const start = noise(seed)()
          const [coordinates, gradient] = [start.slice(), noise(seed + 1, 10 ** power)]
          const run = optimizer.begin(config, place())
          const factors = [1, 0.2, 0.7, 1, 1, 0, 0.5, 1, 1, 1]
          for (const factor of factors) run.stepInto(coordinates, gradient(), factor)
          const largestCoordinate = Math.max(...start.map(Math.abs))
          const limit = optimizer.largestUpdate(config, { factors, largestCoordinate, matrices: MATRICES })
          for (const [at, value] of coordinates.entries())
            expect(Math.abs(value - start[at]!)).toBeLessThanOrEqual(limit)
        }),
        { numRuns: 40 },
      )
    })

    it('refuses vectors of another length', () => {
      const run = optimizer.begin(config, place())
      expect(() => run.stepInto(new Float32Array(2), noise(1)(), 1)).toThrow('expected length 30')
      expect(() => run.stepInto(noise(1)(), new Float32Array(31), 1)).toThrow('expected length 30')
    })
  })
}

describe('SGD', () => {
  it('moves against the gradient, as torch.optim.SGD does with momentum 0.5, worked by hand', () => {
    const run = sgd.begin({ learningRate: 0.1, momentum: 0.5, maxGradientNorm: 100 } as never, place())
    const coordinates = new Float32Array(LENGTH)
    const gradient = new Float32Array(LENGTH)
    gradient.set([1, -2])
    run.stepInto(coordinates, gradient, 1) // m = (1, -2)
    run.stepInto(coordinates, gradient, 1) // m = (1.5, -3)
    expect(coordinates[0]).toBeCloseTo(-0.25, 6)
    expect(coordinates[1]).toBeCloseTo(0.5, 6)
  })

  it('scales a gradient of norm 5 down to norm 1', () => {
    const run = sgd.begin({ learningRate: 1, momentum: 0, maxGradientNorm: 1 } as never, place())
    const coordinates = new Float32Array(LENGTH)
    const gradient = new Float32Array(LENGTH)
    gradient.set([3, 4])
    run.stepInto(coordinates, gradient, 1)
    expect(Array.from(coordinates.subarray(0, 2))).toEqual([Math.fround(-0.6), Math.fround(-0.8)])
  })
})

it('LoRA+ moves B sixteen times as fast as A in its first step, where Adam moves both by the learning rate', () => {
  const coordinates = new Float32Array(LENGTH)
  const config = loraPlus.config.parse({ learningRate: 0.01 }) as never
  loraPlus.begin(config, place()).stepInto(coordinates, new Float32Array(LENGTH).fill(0.3), 1)
  expect(coordinates[0]).toBeCloseTo(-0.16, 6)
  expect(coordinates[18]).toBeCloseTo(-0.01, 6)
})

describe('GaLore', () => {
  const config = galore.config.parse({ rank: 2, learningRate: 0.1, scale: 1 }) as never

  it('stays in a subspace of its rank in a round, and in another one in the next round', () => {
    const moved = (round: number) => {
      const [run, gradient, coordinates] = [galore.begin(config, place(round)), noise(9), new Float32Array(LENGTH)]
      for (let step = 0; step < 4; step++) run.stepInto(coordinates, gradient(), 1)
      return matrix(6, 3, Float64Array.from(coordinates.subarray(0, 18)))
    }
    const gram = (m: ReturnType<typeof moved>) => multiply(transpose(m), m).data
    const determinant = ([a, b, c, d, e, f, g, h, i]: Float64Array) =>
      a! * (e! * i! - f! * h!) - b! * (d! * i! - f! * g!) + c! * (d! * h! - e! * g!)
    const [first, second] = [moved(1), moved(2)]
    expect(Math.abs(determinant(gram(first)))).toBeLessThan(1e-9)
    const both = matrix(
      6,
      3,
      first.data.map((value, at) => value + second.data[at]!),
    )
    expect(Math.abs(determinant(gram(both)))).toBeGreaterThan(1e-7)
  })

  it('follows the equations of the paper: two steps of one gradient on a 2 × 3 matrix, worked by hand', () => {
    const random = () => createRandomStream({ seed: 5, purpose: 'optimizer', round: 1, client: 0, block: 0 })
    const one: OptimizerPlace = { length: 6, matrices: [{ factor: 'R', offset: 0, rows: 2, cols: 3 }], random }
    const options = galore.config.parse({ rank: 1, learningRate: 0.1, scale: 0.5 }) as never
    const [run, coordinates] = [galore.begin(options, one), new Float32Array(6)]
    const gradient = Float32Array.of(3, -1, 2, 1, 4, -5)
    for (const _ of [1, 2]) run.stepInto(coordinates, gradient, 1)
    const drawn = new Float32Array(2)
    random().fillUniform(drawn, 1)
    const length = Math.hypot(...drawn) // P = ± drawn / ‖drawn‖, and the sign cancels in P · Adam(Pᵀ G)
    const [p, q] = [drawn[0]! / length, drawn[1]! / length]
    for (const column of [0, 1, 2]) {
      const side = Math.sign(p * gradient[column]! + q * gradient[3 + column]!) // Adam’s step while the gradient stays
      expect(coordinates[column]).toBeCloseTo(-2 * 0.1 * 0.5 * p * side, 6)
      expect(coordinates[3 + column]).toBeCloseTo(-2 * 0.1 * 0.5 * q * side, 6)
    }
  })

  it('is Adam on a matrix that is not wider than its rank', () => {
    const [run, adam] = [
      galore.begin(galore.config.parse({ rank: 3, learningRate: 0.1 }) as never, place()),
      adamw.begin(adamw.config.parse({ learningRate: 0.1 }) as never, place()),
    ]
    const [one, other, gradient] = [new Float32Array(LENGTH), new Float32Array(LENGTH), noise(4)()]
    run.stepInto(one, gradient, 1)
    adam.stepInto(other, gradient, 1)
    expect(one).toEqual(other)
  })
})

describe('NorMuon', () => {
  it('orthogonalises: all singular values of [3, 4] come near 1, and a zero stays zero', () => {
    const random = createRandomStream({ seed: 1, purpose: 'test', round: 0, client: 0, block: 0 })
    const o = orthogonalise(
      matrix(
        3,
        4,
        Float64Array.from({ length: 12 }, () => random.bell()),
      ),
    )
    const gram = multiply(o, transpose(o)).data
    for (const at of [0, 4, 8]) {
      expect(gram[at]).toBeGreaterThan(0.4) // Muon's quintic ends within (0.68, 1.13), squared
      expect(gram[at]).toBeLessThan(1.4)
    }
    expect(orthogonalise(matrix(2, 2)).data).toEqual(new Float64Array(4))
  })

  it('follows the equations of the paper: two steps on a 1 × 2 matrix, worked by hand', () => {
    // A row is orthogonal by itself: O is a multiple of M / ‖M‖ and the row norm cancels, so a step is 0.2 η √2 M / ‖M‖.
    // Rows that differ, where it does not cancel, are those of test/parity/optimizers-golden.test.ts.
    const one: OptimizerPlace = { ...place(), length: 2, matrices: [{ factor: 'R', offset: 0, rows: 1, cols: 2 }] }
    const run = normuon.begin(normuon.config.parse({ learningRate: 0.1, beta1: 0.5 }) as never, one)
    const coordinates = new Float32Array(2)
    run.stepInto(coordinates, Float32Array.of(3, 4), 1) // M = (1.5, 2), M / ‖M‖ = (0.6, 0.8)
    const length = 0.02 * Math.SQRT2
    expect(coordinates[0]).toBeCloseTo(-0.6 * length, 7)
    run.stepInto(coordinates, Float32Array.of(-1.5, 2), 1) // M = (0, 2)
    expect(coordinates[0]).toBeCloseTo(-0.6 * length, 7)
    expect(coordinates[1]).toBeCloseTo(-1.8 * length, 7)
  })
})
