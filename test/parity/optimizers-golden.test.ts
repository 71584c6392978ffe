import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import type { OptimizerPlace } from '../../packages/trainer/src/local-optimizer.ts'
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

interface NorMuonGolden {
  readonly factors: readonly number[]
  readonly cases: readonly (Golden['cases'][number] & {
    readonly shape: string
    readonly rows: number
    readonly cols: number
    readonly start: readonly number[]
    readonly gradients: readonly (readonly number[])[]
    /** The same without the row norms. */
    readonly muon: readonly (readonly number[])[]
  })[]
}

/** Made by make_normuon_golden.py, from the equations of the paper. */
const norMuon: NorMuonGolden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden', 'normuon.json'), 'utf8'))

describe('NorMuon', () => {
  it.each(norMuon.cases)(
    'on a $shape matrix with $options takes the paper’s steps, and not those of Muon',
    (golden) => {
      const { rows, cols, options, start, gradients, after, muon } = golden
      const { config, begin } = unwrap(localOptimizers.byName('normuon'))
      const place = { ...placeOf([start.length]), matrices: [{ factor: 'R', offset: 0, rows, cols }] }
      const run = begin(config.parse(options) as never, place)
      const coordinates = Float32Array.from(start)
      for (const [step, expected] of after.entries()) {
        run.stepInto(coordinates, Float32Array.from(gradients[step]!), norMuon.factors[step]!)
        for (const [at, value] of expected.entries()) expect(Math.abs(coordinates[at]! - value)).toBeLessThan(1e-6)
      }
      const apart = muon.at(-1)!.map((value, at) => Math.abs(value - coordinates[at]!))
      expect(Math.max(...apart)).toBeGreaterThan(0.005)
    },
  )
})

interface GaLoreGolden extends Omit<Golden, 'cases'> {
  /** One after the other in the coordinates. */
  readonly matrices: readonly {
    readonly rows: number
    readonly cols: number
    /** What the run's seed would give: its columns span the projector. */
    readonly drawn: readonly number[]
  }[]
  readonly cases: readonly Omit<Golden['cases'][number], 'optimizer'>[]
}

/** Made by make_galore_golden.py, from the equations of the paper. */
const gaLore: GaLoreGolden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden', 'galore.json'), 'utf8'))

describe('GaLore', () => {
  it.each(gaLore.cases)(
    'on a wide, a tall and a small matrix with $options takes the paper’s seven steps',
    ({ options, after }) => {
      const { matrices, start, factors, gradients } = gaLore
      const { config, begin } = unwrap(localOptimizers.byName('galore'))
      const lengths = matrices.map(({ rows, cols }) => rows * cols)
      const place: OptimizerPlace = {
        length: start.length,
        matrices: placeOf(lengths).matrices.map((vector, at) => ({ ...vector, ...matrices[at]! })),
        random: (at) => ({ ...placeOf(lengths).random(at), fillUniform: (target) => target.set(matrices[at]!.drawn) }),
      }
      const run = begin(config.parse(options) as never, place)
      const coordinates = Float32Array.from(start)
      for (const [step, expected] of after.entries()) {
        run.stepInto(coordinates, Float32Array.from(gradients[step]!), factors[step]!)
        for (const [at, value] of expected.entries()) expect(Math.abs(coordinates[at]! - value)).toBeLessThan(1e-6)
      }
    },
  )
})
