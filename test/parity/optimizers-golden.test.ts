import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { localOptimizers } from '../../packages/trainer/src/local-optimizers.ts'
import { placeOf } from '../../packages/trainer/src/optimizer-place.ts'

interface Golden {
  readonly start: readonly number[]
  /** Of each step: its learning rate as a part of the optimizer's, and its gradient. */
  readonly factors: readonly number[]
  readonly gradients: readonly (readonly number[])[]
  readonly cases: readonly {
    readonly optimizer: string
    readonly options: Readonly<Record<string, number>>
    /** The coordinates after each step. */
    readonly after: readonly (readonly number[])[]
  }[]
}

/** Made by make_optimizers_golden.py. */
const golden: Golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden', 'optimizers.json'), 'utf8'))

describe('torch.optim', () => {
  it.each(golden.cases)('$optimizer with $options takes our twenty steps', ({ optimizer, options, after }) => {
    const { config, begin } = unwrap(localOptimizers.byName(optimizer))
    const coordinates = Float32Array.from(golden.start)
    const { matrices, ...place } = placeOf([3, 3])
    const named = matrices.map((matrix, at) => ({ ...matrix, factor: 'BA'[at]! }))
    const run = begin(config.parse(options) as never, { ...place, matrices: named })
    for (const [step, expected] of after.entries()) {
      run.stepInto(coordinates, Float32Array.from(golden.gradients[step]!), golden.factors[step]!)
      expect([...coordinates]).toEqual(expected.map((value) => expect.closeTo(value, 5)))
    }
    const moved = coordinates.map((value, at) => Math.abs(value - golden.start[at]!))
    expect(Math.max(...moved)).toBeGreaterThan(0.05)
  })
})
