import { type AdapterLayout, type FactorSet, flatten, mergedLayer, siteFactors, unflatten } from '@tessera/adapters'
import type { BaseChange, WeightedUpdate } from '@tessera/aggregators'
import { beside, fromFloat32, type Matrix, multiply, multiplyLeftTransposed, scaled, transpose } from '@tessera/math'
import type { Coordinates, Site, Update } from '@tessera/vocabulary'

export interface AggregatedRound {
  /** All coordinates of the adapter, and those that the round trained. */
  readonly all: AdapterLayout
  readonly active: AdapterLayout
  readonly frozen: FactorSet
  readonly weightOf: (site: Site) => Float32Array
  readonly received: Coordinates
  readonly updates: readonly WeightedUpdate[]
  /** What the rule made of the updates, before a server optimizer. */
  readonly result: Update
  readonly rest: readonly BaseChange[]
}

/** Factors of all sites, with the part that they have in a sum of weight changes. */
interface Part {
  readonly share: number
  readonly factors: FactorSet
}

/** A weight change as a product, with its part in a sum. */
interface Product {
  readonly share: number
  readonly left: Matrix
  readonly right: Matrix
}

type Entry = AdapterLayout['sites'][number]

/**
 * ‖Σ pᵢ ΔWᵢ − ΔW‖_F / ‖Σ pᵢ ΔWᵢ‖_F over all sites, biases counted, for ΔWᵢ of what client i trained, pᵢ = wᵢ / Σ w, and
 * ΔW of what the rule made of it, with its rest. Float64, one site at a time; products of narrow factors are never
 * multiplied out. 0 where no client changed a weight.
 */
export function aggregationGap(round: AggregatedRound): number {
  const { all, updates, result, rest } = round
  const total = updates.reduce((sum, { weight }) => sum + weight, 0)
  const mean = updates.map(({ update, weight }) => ({ share: weight / total, factors: factorsAfter(round, update) }))
  const made: Part = { share: -1, factors: factorsAfter(round, result) }
  let [wrong, whole] = [0, 0]
  for (const entry of all.sites) {
    const isProduct = (entry.adapter.chain?.factors.length ?? 0) > 1
    const norm = isProduct ? squaredNormOfProducts : squaredNorm
    wrong += norm(entry, round, { parts: [...mean, made], left: restAt(rest, entry.site) })
    whole += norm(entry, round, { parts: mean, left: [] })
  }
  return whole === 0 ? 0 : Math.sqrt(wrong / whole)
}

/** All factors after an update of those that the round trained. */
function factorsAfter({ all, active, frozen, received }: AggregatedRound, update: Update): FactorSet {
  const before = unflatten(all, received)
  const trained = flatten(active, before).map((value, at) => value + update[at])
  return { ...frozen, ...before, ...unflatten(active, trained) }
}

function restAt(rest: readonly BaseChange[], { name, outDim, inDim }: Site): Product[] {
  const own = rest.filter(({ site }) => site === name)
  return own.map(({ rank, left, right }) => {
    return { share: -1, left: fromFloat32(outDim, rank, left), right: fromFloat32(rank, inDim, right) }
  })
}

interface Sum {
  readonly parts: readonly Part[]
  /** What is left in the base weights. */
  readonly left: readonly Product[]
}

/** ‖Σ shareᵢ ΔWᵢ‖² at a site, with biases. */
function squaredNorm({ site, adapter }: Entry, { weightOf }: AggregatedRound, { parts, left }: Sum): number {
  const weight = weightOf(site)
  const [change, bias] = [new Float64Array(weight.length), new Float64Array(site.outDim)]
  for (const { share, factors } of parts) {
    const merged = mergedLayer({ site, adapter, weight, factors: siteFactors({ site, adapter }, factors) })
    for (const [at, value] of merged.weight.data.entries()) change[at] += share * (value - weight[at])
    for (const [at, value] of merged.bias?.data.entries() ?? []) bias[at] += share * value
  }
  for (const product of left) {
    const whole = multiply(product.left, product.right)
    for (const [at, value] of whole.data.entries()) change[at] += product.share * value
  }
  return squares(change) + squares(bias)
}

/** The same for ΔW = scale · F₁ … Fₙ: Σ (Lᵀ L) ⊙ (R Rᵀ) of L = [share₁ L₁ share₂ L₂ …] and R = [R₁; R₂; …]. */
function squaredNormOfProducts({ site, adapter }: Entry, _round: AggregatedRound, { parts, left }: Sum): number {
  const { scale, factors: chain } = adapter.chain as NonNullable<Entry['adapter']['chain']>
  const products = parts.map(({ share, factors }): Product => {
    const own = siteFactors({ site, adapter }, factors)
    const matrices = chain.map(({ name, rows, cols }) => fromFloat32(rows, cols, own[name]))
    return { share: share * scale, left: matrices.slice(0, -1).reduce(multiply), right: matrices.at(-1) as Matrix }
  })
  const terms = [...products, ...left]
  const columns = beside(terms.map((term) => scaled(term.left, term.share)))
  const rows = beside(terms.map((term) => transpose(term.right)))
  const [p, q] = [multiplyLeftTransposed(columns, columns), multiplyLeftTransposed(rows, rows)]
  return Math.max(
    0,
    p.data.reduce((sum, value, at) => sum + value * q.data[at], 0),
  ) // rounding can leave less than 0
}

const squares = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0)
