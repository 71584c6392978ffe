import {
  type AdaptedSite,
  type AdapterMethod,
  createLayout,
  type Factor,
  factorKey,
  leadingBlock,
  mergedLayer,
  type SiteAdapter,
  type SiteFactors,
  unflatten,
} from '@tessera/adapters'
import type { RandomStream } from '@tessera/math'
import { expect } from 'vitest'

/** What float32 coordinates leave of an exact mean. */
const EXACT = 1e-6

/** A method at one site. */
export interface RankedSubject {
  readonly method: AdapterMethod
  readonly options: Readonly<Record<string, unknown>>
  /** Its trained factors as they start. */
  readonly adapted: AdaptedSite
}

/**
 * The declared `nested` axes of every trained factor hold numerically: they are those along which it shrinks with the
 * rank. Where all of them average exactly, an update to the leading block of rank k moves ΔW as it moves that of the
 * method at rank k on the leading frozen blocks, and devices of all ranks average exactly over zero-padded updates.
 */
export function expectNestedRanks(subject: RankedSubject, random: RandomStream): void {
  const trained = subject.adapted.adapter.factors.filter(isTrained)
  if (trained.some(({ nested }) => nested === undefined)) return
  const rank = Number(subject.options.rank)
  for (let smaller = 1; smaller < rank; smaller++) expectShrinking(trained, adapterAt(subject, smaller), smaller)
  if (trained.some(({ exactness }) => exactness !== 'linear')) return
  const updates = Array.from({ length: rank }, (_, at) => deviceUpdate(subject, at + 1, random))
  const moves = updates.map((update) => movement(subject.adapted, update))
  for (const [at, update] of updates.entries()) {
    const smaller = leadingSite(subject, { rank: at + 1, factors: subject.adapted.factors })
    const { factors } = leadingSite(subject, { rank: at + 1, factors: update })
    expectNear(movement(smaller, factors), moves[at]!, `an update to the leading block of rank ${at + 1}`)
  }
  expectNear(movement(subject.adapted, meanOf(updates)), weightedMean(moves), 'the mean of zero-padded updates')
}

type TrainedFactor = Extract<Factor, { readonly train: true }>

const isTrained = (factor: Factor): factor is TrainedFactor => factor.train

function expectShrinking(trained: readonly TrainedFactor[], shorter: SiteAdapter, rank: number): void {
  for (const { name, rows, cols, nested } of trained) {
    const expected = [nested === 'cols' ? rows : rank, nested === 'rows' ? cols : rank]
    const found = shorter.factors.find((factor) => factor.name === name)
    expect([found?.rows, found?.cols], `ranks of ${name} are ${nested}`).toEqual(expected)
  }
}

/** The method at another rank; alpha / rank stays what it is. */
function adapterAt({ method, options, adapted }: RankedSubject, rank: number): SiteAdapter {
  const { alpha } = options
  const scaled = typeof alpha === 'number' && { alpha: (alpha * rank) / Number(options.rank) }
  return method.site(adapted.site, method.config.parse({ ...options, rank, ...scaled }) as never)
}

/** The site at a smaller rank, with the leading block of each of the factors. */
function leadingSite(subject: RankedSubject, { rank, factors }: { rank: number; factors: SiteFactors }): AdaptedSite {
  const adapter = adapterAt(subject, rank)
  const blocks = adapter.factors.flatMap(({ name, rows, cols }) => {
    const values = factors[name]
    const whole = subject.adapted.adapter.factors.find((factor) => factor.name === name)!
    const entry = (at: number): number => values![Math.floor(at / cols) * whole.cols + (at % cols)]!
    return values === undefined
      ? []
      : [[name, Float32Array.from({ length: rows * cols }, (_, at) => entry(at))] as const]
  })
  return { ...subject.adapted, adapter, factors: Object.fromEntries(blocks) }
}

/** A drawn update of a device of that rank, by trained factor, zero-padded. */
function deviceUpdate({ method, options, adapted }: RankedSubject, rank: number, random: RandomStream): SiteFactors {
  const { site } = adapted
  const layout = createLayout(method, options as never, [site])
  const drawn = new Float32Array(layout.length)
  random.fillUniform(drawn, 1)
  const block = unflatten(layout, leadingBlock(layout, drawn, rank))
  return Object.fromEntries(layout.segments.map(({ factor }) => [factor, block[factorKey(site.name, factor)]!]))
}

/** How an update to the trained factors moves W'. */
function movement(adapted: AdaptedSite, update: SiteFactors): Float64Array {
  const moved = Object.entries(adapted.factors).map(([name, values]) => {
    const step = update[name]
    return [name, step === undefined ? values : values.map((value, at) => value + step[at]!)] as const
  })
  const before = mergedLayer(adapted).weight.data
  const after = mergedLayer({ ...adapted, factors: Object.fromEntries(moved) }).weight.data
  return Float64Array.from(after, (value, at) => value - before[at]!)
}

/** Devices of unequal weights: the first weighs 1, the second 2, and so on. */
const weightedMean = (vectors: readonly ArrayLike<number>[]): Float64Array =>
  Float64Array.from(vectors[0]!, (_, at) => {
    const total = (vectors.length * (vectors.length + 1)) / 2
    return vectors.reduce((sum, vector, device) => sum + ((device + 1) / total) * vector[at]!, 0)
  })

const meanOf = (updates: readonly SiteFactors[]): SiteFactors =>
  Object.fromEntries(
    Object.keys(updates[0]!).map((name) => [name, Float32Array.from(weightedMean(updates.map((one) => one[name]!)))]),
  )

function expectNear(found: Float64Array, expected: Float64Array, what: string): void {
  const largest = Math.max(...expected.map(Math.abs))
  const gap = Math.max(...expected.map((value, at) => Math.abs(value - found[at]!)))
  expect(largest, what).toBeGreaterThan(EXACT)
  expect(gap / largest, what).toBeLessThanOrEqual(EXACT)
}
