import { addCombination, BASIS_VARIANCE, projectOnto, type RandomBasis } from '@tessera/math'
import { type Block, cutBlocks } from './blocks.ts'
import { type FerretOptions, ferretOptions, requireFit } from './ferret-options.ts'
import { compareReconstruction } from './reconstruction.ts'
import { scheduleText } from './schedule-text.ts'
import { splitBudget } from './split-budget.ts'
import { type Directions, type DirectionsPlace, defineSubspace } from './subspace.ts'

const VARIANCE = BASIS_VARIANCE.uniform

/**
 * Ferret: a client trains as ever, and of its whole change Δ it sends K numbers, γ = Vᵀ Δ / (ρ K) in every block, V fresh
 * in every round with entries uniform on ±1/√d and ρ = 1/(3 d) their variance. V γ is Δ on average.
 * Shu et al. 2024 (https://arxiv.org/abs/2409.06277); the paper's scale, not the third of it that its code has.
 *
 * With `errorFeedback` Δ is p = Δ + e, e being what earlier rounds have left of it, p − V γ with the γ that were sent
 * (Seide et al. 2014; Karimireddy et al. 2019, https://arxiv.org/abs/1901.09847); whoever does the round adds it.
 *
 * The budget is split by K_l ∝ √d_l ‖Δ_l‖ as the round before showed it, so everyone knows the split.
 */
export const ferret = defineSubspace({
  name: 'ferret',
  config: ferretOptions,
  frame: {
    per: 'round',
    shape(options, { matrices, places }) {
      requireFit(options, matrices)
      const { coordinates: sent, seeds } = options
      return { length: seeds === 'shared' ? sent : sent * places, sent }
    },
    /** |γ_k| ≤ ‖Δ‖₂ max‖v‖ / (ρ K) with ‖Δ‖₂ ≤ √d bound, ‖v‖ ≤ 1 and K ≥ 1, in the longest block. */
    largest({ blockLength }, { matrices }, { inner }) {
      const longest = Math.max(...cutBlocks(matrices, blockLength).map(({ length }) => length))
      return ((inner * Math.sqrt(longest) * longest) / VARIANCE) * (1 + 2 ** -20)
    },
    feedsBack: ({ errorFeedback }) => errorFeedback,
    directions: ferretDirections,
  },
})

/** One block of one round, in units of its basis u = √d v. */
interface Part extends Block {
  readonly basis: RandomBasis
  /** K_l, and where its numbers begin among those of a client. */
  readonly count: number
  readonly first: number
  /** v_k = unit · u_k */
  readonly unit: number
  /** γ_k = gain · u_kᵀ Δ */
  readonly gain: number
}

function ferretDirections(options: FerretOptions, place: DirectionsPlace): Directions {
  const { coordinates } = options
  const blocks = cutBlocks(place.inner.matrices, options.blockLength)
  const split = splitFor(options, blocks, place.history)
  const sources = options.seeds === 'shared' ? [0] : Array.from({ length: place.inner.places }, (_, at) => at + 1)
  const parts = sources.map((client) => partsOf(options, place, { blocks, split, client }))
  const addInto = (inner: Float32Array, coefficients: Float32Array): void => {
    for (const [at, own] of parts.entries()) {
      combineInto(inner, own, coefficients.subarray(at * coordinates, (at + 1) * coordinates))
    }
  }
  return {
    schedule: scheduleText(parts[0]![0]!.basis, { clients: sources, split }),
    addInto,
    async search({ received, place: at, descend }) {
      const own = parts[sources.length === 1 ? 0 : at]!
      const change = await descend()
      const coefficients = projected(own, change, coordinates)
      const rebuilt = new Float32Array(received.length)
      combineInto(rebuilt, own, coefficients)
      const { cosine, error } = compareReconstruction(rebuilt, change)
      return { coefficients, metrics: { 'reconstruction-cosine': cosine, 'reconstruction-error': error } }
    },
  }
}

/** inner += V c in every block. */
function combineInto(inner: Float32Array, parts: readonly Part[], coefficients: Float32Array): void {
  for (const { offset, length, basis, first, count, unit } of parts) {
    const scaled = coefficients.subarray(first, first + count).map((value) => value * unit)
    addCombination(inner.subarray(offset, offset + length), basis, scaled)
  }
}

/** γ = Vᵀ Δ / (ρ K) in every block. */
function projected(parts: readonly Part[], change: Float32Array, coordinates: number): Float32Array {
  const coefficients = new Float32Array(coordinates)
  for (const { offset, length, basis, first, count, gain } of parts) {
    const products = projectOnto(basis, change.subarray(offset, offset + length), count)
    coefficients.set(
      products.map((value) => value * gain),
      first,
    )
  }
  return coefficients
}

/** The split of the round after this history. */
function splitFor(options: FerretOptions, blocks: readonly Block[], history: readonly Float32Array[]): number[] {
  const { coordinates } = options
  return history.reduce(
    (split, stretch) => splitBudget(blocks, scoresOf(options, { blocks, split }, stretch), coordinates),
    splitBudget(blocks, [], coordinates),
  )
}

interface Split {
  readonly blocks: readonly Block[]
  /** K_l */
  readonly split: readonly number[]
}

/** √d_l ‖Δ_l‖ with ‖Δ_l‖² ≈ ρ K_l ‖γ_l‖²: the numbers of a round tell how long the change of each block was. */
function scoresOf(options: FerretOptions, { blocks, split }: Split, stretch: Float32Array): number[] {
  let first = 0
  return blocks.map((block, at) => {
    const count = split[at]!
    let sum = 0
    for (let client = 0; client < stretch.length; client += options.coordinates) {
      for (let k = client + first; k < client + first + count; k++) sum += stretch[k]! * stretch[k]!
    }
    first += count
    return Math.sqrt(VARIANCE * count * sum) / shrinkOf(options, block, count)
  })
}

/** K/(K+d), the factor of least mean squared error, or 1. */
const shrinkOf = ({ shrink }: FerretOptions, { length }: Block, count: number): number =>
  shrink ? count / (count + length) : 1

function partsOf(
  options: FerretOptions,
  { inner, round }: DirectionsPlace,
  { blocks, split, client }: Split & { readonly client: number },
): Part[] {
  let next = 0
  return blocks.map((block, at) => {
    const [count, first] = [split[at]!, next]
    next += count
    const key = { seed: inner.seed, purpose: 'ferret', round, client, block: at }
    const root = Math.sqrt(block.length)
    // 1 / (ρ K) · unit with unit = 1 / √d and ρ = variance / d
    const gain = (shrinkOf(options, block, count) * root) / (VARIANCE * count)
    return { ...block, basis: { key, distribution: 'uniform' }, count, first, unit: 1 / root, gain }
  })
}
