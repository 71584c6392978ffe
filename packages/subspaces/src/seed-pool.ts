import { addCombination, projectOnto, type RandomBasis } from '@tessera/math'
import { FedError } from '@tessera/vocabulary'
import { z } from 'zod'
import { innerLength } from './blocks.ts'
import { scheduleText } from './schedule-text.ts'
import { clipped, type Direction, slopeByLosses } from './slope.ts'
import { requireWeights, restingEntries } from './sparse-mask.ts'
import {
  type Directions,
  type DirectionsPlace,
  defineSubspace,
  type Found,
  type InnerMatrix,
  type InnerVector,
  type RoundWork,
} from './subspace.ts'

const config = z.object({
  seeds: z.int().positive().default(1024).describe('random vectors of the pool, one number each'),
  learningRate: z.number().positive().default(1e-4).describe('of the steps along them; train.optimizer is not used'),
  epsilon: z.number().positive().default(1e-3).describe('how far apart the two losses of a step are taken'),
  largestSlope: z.number().positive().default(1000).describe('slopes beyond it are clipped'),
  estimate: z
    .enum(['losses', 'gradients'])
    .default('losses')
    .describe('slopes from two losses; or from gradients, where the worker computes them'),
  distribution: z.enum(['rademacher', 'bell']).default('rademacher').describe('of the entries, with variance 1'),
  smallest: z
    .number()
    .positive()
    .max(1)
    .default(1)
    .describe('Sparse MeZO: only this part of every matrix moves, the smallest base weights'),
})

type Config = z.infer<typeof config>

/**
 * FedKSeed: every step goes along one of a pool of random vectors z_k, by the slope of the loss there; what is sent is
 * how far a client went along each, −Σ η g, and the model is rebuilt from its start as start + Σ_k pool[k] z_k.
 * Qin et al. 2023 (https://arxiv.org/abs/2312.06353); the step is MeZO's (https://arxiv.org/abs/2305.17333).
 */
export const seedPool = defineSubspace({
  name: 'seed-pool',
  config,
  frame: {
    per: 'run',
    shape(options, { matrices }) {
      requirePool(options, matrices)
      return { length: options.seeds, sent: options.seeds }
    },
    /** All steps along one vector: Σ η · largest slope. */
    largest: ({ learningRate, largestSlope }, _setting, { factors }) =>
      learningRate * largestSlope * factors.reduce((sum, factor) => sum + factor, 0) * (1 + 2 ** -16),
    directions: poolDirections,
  },
})

function requirePool({ seeds, smallest }: Config, matrices: readonly InnerMatrix[]): void {
  const length = innerLength(matrices)
  if (seeds > length) {
    throw new FedError(
      'invalid-config',
      `a pool of ${seeds} vectors is larger than the ${length} parameters they move`,
      {
        details: { seeds, parameters: length },
        fix: `Set subspace.seeds to at most ${length}.`,
      },
    )
  }
  if (smallest < 1) requireWeights(matrices)
}

/** One matrix of the pool's vectors. */
interface Part {
  readonly basis: RandomBasis
  readonly offset: number
  readonly length: number
  /** Entries that never move. */
  readonly resting: () => Uint32Array
}

function partsOf({ distribution, smallest }: Config, inner: InnerVector): Part[] {
  return inner.matrices.map(({ offset, rows, cols }, at) => {
    const key = { seed: inner.seed, purpose: 'seed-pool', round: 0, client: 0, block: at }
    let found: Uint32Array | null = null
    const resting = (): Uint32Array => {
      found ??= restingEntries(inner, at, smallest)
      return found
    }
    return { basis: { key, distribution }, offset, length: rows * cols, resting }
  })
}

function poolDirections(options: Config, { inner }: DirectionsPlace): Directions {
  const parts = partsOf(options, inner)
  const { smallest } = options
  const addInto = (target: Float32Array, coefficients: Float32Array, vector = 0): void => {
    for (const { basis, offset, length, resting } of parts) {
      const own = target.subarray(offset, offset + length)
      const before = Float32Array.from(resting(), (at) => own[at]!)
      addCombination(own, basis, coefficients, { vector })
      for (const [index, at] of resting().entries()) own[at] = before[index]!
    }
  }
  const slopeIn = (gradient: Float32Array, vector: number): number => {
    let sum = 0
    for (const { basis, offset, length, resting } of parts) {
      const own = gradient.slice(offset, offset + length)
      for (const at of resting()) own[at] = 0
      sum += projectOnto(basis, own, 1, { vector })[0]!
    }
    return sum
  }
  return {
    schedule: scheduleText(parts[0]!.basis, { seeds: options.seeds, smallest }),
    addInto,
    search: (work) => searchPool(options, work, { addInto, slopeIn }),
  }
}

interface Pool {
  addInto(inner: Float32Array, coefficients: Float32Array, vector: number): void
  /** z_vectorᵀ gradient */
  slopeIn(gradient: Float32Array, vector: number): number
}

/** One vector a step, drawn by the client; the step is taken at once, so the next slope is that of the moved model. */
async function searchPool(options: Config, work: RoundWork, pool: Pool): Promise<Found> {
  const { seeds, learningRate, epsilon, largestSlope, estimate } = options
  const coefficients = new Float32Array(seeds)
  const inner = work.received.slice()
  let steepest = 0
  for (const [step, factor] of work.factors.entries()) {
    const vector = work.random.below(seeds)
    const direction: Direction = {
      addInto: (target, scale) => pool.addInto(target, Float32Array.of(scale), vector),
    }
    const slope =
      estimate === 'gradients' && work.gradient !== null
        ? pool.slopeIn(await work.gradient(step, inner), vector)
        : await slopeByLosses(work, { step, inner, epsilon }, direction)
    steepest = Math.max(steepest, Math.abs(slope))
    const move = Math.fround(-learningRate * factor * clipped(slope, largestSlope))
    coefficients[vector]! += move
    direction.addInto(inner, move)
  }
  return { coefficients, metrics: { 'steepest-slope': steepest } }
}
