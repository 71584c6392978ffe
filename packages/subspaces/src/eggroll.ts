import { addCombination, type RandomBasis } from '@tessera/math'
import { FedError } from '@tessera/vocabulary'
import { z } from 'zod'
import { innerLength } from './blocks.ts'
import { scheduleText } from './schedule-text.ts'
import { clipped, type Direction, slopeByLosses } from './slope.ts'
import {
  type Directions,
  type DirectionsPlace,
  defineSubspace,
  type Found,
  type InnerMatrix,
  type RoundWork,
} from './subspace.ts'

const config = z.object({
  members: z.int().positive().default(32).describe('members of the population that a client evaluates in a round'),
  rank: z.int().positive().default(1).describe('of a member: A B for every matrix, so many columns and rows'),
  learningRate: z
    .number()
    .positive()
    .default(1e-3)
    .describe('of the step that a round takes; train.optimizer is not used'),
  epsilon: z.number().positive().default(1e-2).describe('how far from the middle a member and its mirror image are'),
  largestSlope: z.number().positive().default(1000).describe('slopes beyond it are clipped'),
})

type Config = z.infer<typeof config>

/**
 * EGGROLL: evolution strategies whose members are of low rank, E_k = A_k B_k / √r for every matrix, bell-shaped A and B
 * from the seed. Every place of the cohort has its own members and evaluates each with its mirror image on the same
 * batches; one number a member is sent. Sarkar et al. 2025 (https://arxiv.org/abs/2511.16652).
 */
export const eggroll = defineSubspace({
  name: 'eggroll',
  config,
  frame: {
    per: 'round',
    shape({ members }, { matrices, places }) {
      requirePopulation(members * places, innerLength(matrices))
      return { length: members * places, sent: members }
    },
    /** η times the largest slope, over the client's members. */
    largest: ({ learningRate, largestSlope, members }) => ((learningRate * largestSlope) / members) * (1 + 2 ** -16),
    directions: eggrollDirections,
  },
})

function requirePopulation(population: number, length: number): void {
  if (population <= length) return
  throw new FedError(
    'invalid-config',
    `a population of ${population} is larger than the ${length} parameters it moves`,
    {
      details: { population, parameters: length },
      fix: 'Set subspace.members or rounds.cohort.size lower.',
    },
  )
}

function eggrollDirections(options: Config, { inner, round }: DirectionsPlace): Directions {
  const bases = inner.matrices.map((_, block): RandomBasis => {
    return { key: { seed: inner.seed, purpose: 'eggroll', round, client: 0, block }, distribution: 'bell' }
  })
  const member = (index: number): Direction => ({
    addInto(target, scale) {
      for (const [at, matrix] of inner.matrices.entries()) {
        addProductInto(target, matrix, factorsOf(bases[at]!, matrix, { index, rank: options.rank }), scale)
      }
    },
  })
  return {
    schedule: scheduleText(bases[0]!, { members: options.members, places: inner.places, rank: options.rank }),
    addInto(target, coefficients) {
      for (const [index, scale] of coefficients.entries()) if (scale !== 0) member(index).addInto(target, scale)
    },
    search: (work) => evaluateMembers(options, work, member),
  }
}

/** A [rows, r] and B [r, cols] of one member at one matrix: the entries of one vector of the basis. */
function factorsOf(
  basis: RandomBasis,
  { rows, cols }: InnerMatrix,
  { index, rank }: { readonly index: number; readonly rank: number },
): { readonly A: Float32Array; readonly B: Float32Array } {
  const entries = new Float32Array((rows + cols) * rank)
  addCombination(entries, basis, Float32Array.of(1), { vector: index })
  return { A: entries.subarray(0, rows * rank), B: entries.subarray(rows * rank) }
}

/** target += scale / √r · A B: sums of r products in float64, one rounding to float32 an entry. */
function addProductInto(
  target: Float32Array,
  { offset, rows, cols }: InnerMatrix,
  { A, B }: { readonly A: Float32Array; readonly B: Float32Array },
  scale: number,
): void {
  const rank = A.length / rows
  const unit = scale / Math.sqrt(rank)
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      let sum = 0
      for (let s = 0; s < rank; s++) sum += A[row * rank + s]! * B[s * cols + col]!
      target[offset + row * cols + col]! += unit * sum
    }
  }
}

/**
 * −η · slope / members for each member of the client's place: its own estimate of a step of gradient descent.
 *
 * The authors' code standardises the fitnesses over the population. Here nothing is: mirrored pairs cancel their mean, and
 * −η · slope / members estimates the gradient step without bias up to ε². What is lost is the independence of
 * `learningRate` from the scale of the loss.
 */
async function evaluateMembers(
  { members, learningRate, epsilon, largestSlope }: Config,
  work: RoundWork,
  member: (index: number) => Direction,
): Promise<Found> {
  const { place, factors, received: inner } = work
  const slopes = new Float64Array(members)
  for (const [step, factor] of factors.entries()) {
    for (let own = 0; own < members; own++) {
      const slope = await slopeByLosses(work, { step, inner, epsilon }, member(place * members + own))
      slopes[own]! += (factor * clipped(slope, largestSlope)) / factors.length
    }
  }
  const coefficients = Float32Array.from(slopes, (slope) => (-learningRate * slope) / members)
  return { coefficients, metrics: { 'steepest-slope': Math.max(...slopes.map(Math.abs)) } }
}
