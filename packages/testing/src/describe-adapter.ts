import {
  type AdaptedSite,
  type AdapterLayout,
  type AdapterMethod,
  createLayout,
  deltaWeight,
  derivedFactors,
  type FactorSet,
  factorKey,
  flatten,
  float64Ops,
  float64Tensor,
  frozenFactors,
  merge,
  mergedLayer,
  type Spectrum,
  sentFactors,
  siteFactors,
  unflatten,
  unmerge,
} from '@tessera/adapters'
import { fnv1a32, matrix, type RandomStream, svd } from '@tessera/math'
import type { Site } from '@tessera/vocabulary'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expectDeclaredExactness, expectDeclaredLines } from './averaging-gap.ts'
import { expectNestedRanks } from './nested-ranks.ts'
import { exactSpectrum, randomMatrix, testRandom } from './synthetic-matrix.ts'

/** What the method's paper says, for the laws to hold the method to. */
export interface AdapterPaper {
  /** The options under test; a `rank` of at most 4. */
  readonly options: Readonly<Record<string, unknown>>
  /** Numbers that are trained at one site. */
  readonly trainable: (site: Site) => number
  /** ΔW at the start, [outDim, inDim], row-major; absent where it is zero. */
  readonly startDelta?: (site: Site, spectrum: Spectrum) => Float64Array
  /** The largest rank that a site can carry; absent where the method has no rank. */
  readonly largestRank?: (site: Site) => number
  /** Options that are refused at the tall layer [8, 6], with the code and a part of the sentence. */
  readonly refusals?: readonly { readonly options: Record<string, unknown>; readonly says: string; code?: string }[]
  /** FNV-1a-32 of the derived factors' words for seed 5: changing it changes the protocol. Absent: none are derived. */
  readonly derivedHash?: number
}

/** A tall layer and a wide one; even sides, for the methods that need blocks. */
const SITES: readonly [Site, Site] = [
  { name: 'layers.0.q_proj', outDim: 8, inDim: 6 },
  { name: 'layers.1.down_proj', outDim: 4, inDim: 10 },
]

/** A method with its options at both sites, and all that its start is made from. */
interface Subject {
  readonly method: AdapterMethod
  readonly paper: AdapterPaper
  readonly options: never
  readonly layout: AdapterLayout
  readonly spectra: readonly Spectrum[]
  readonly weights: readonly Float32Array[]
}

/**
 * The laws of an adapter method: it trains as many numbers as its paper says and starts where its paper says; its
 * forward pass is that of merged weights; coordinates go to factors and back; what nobody sends is the same everywhere;
 * and what it declares about rank and averaging holds numerically.
 */
export function describeAdapter(method: AdapterMethod, paper: AdapterPaper): void {
  const options = method.config.parse(paper.options) as never
  const layout = createLayout(method, options, SITES)
  const rank = Number(paper.options.rank ?? 1)
  const spectra = SITES.map(({ outDim, inDim }, at) => exactSpectrum(randomMatrix(outDim, inDim, testRandom(at)), rank))
  const weights = SITES.map(({ outDim, inDim }) => uniform(outDim * inDim, testRandom(outDim)))
  const subject: Subject = { method, paper, options, layout, spectra, weights }
  describe(`adapter method ${method.name} ${JSON.stringify(paper.options)}`, () => {
    describeStart(subject)
    describeFrozen(subject)
    describeForward(subject)
    describeCoordinates(subject)
    describeRefusals(subject)
    it('averages as it declares: each trained factor is as exact as it says, and no less', () => {
      for (const adapted of adaptedSites(subject)) {
        expectDeclaredExactness(adapted, testRandom(7))
        expectDeclaredLines(adapted, testRandom(8))
      }
    })

    it('has ranks along the axes that it declares, and devices of smaller ranks average exactly where it does', () => {
      for (const adapted of adaptedSites(subject, null)) {
        expectNestedRanks({ method, options, adapted }, testRandom(9))
      }
    })
  })
}

const weightOf =
  ({ weights }: Subject) =>
  (site: Site): Float32Array =>
    weights[SITES.indexOf(site)]!

const derived = (subject: Subject, seed = 5): FactorSet =>
  derivedFactors(subject.layout, { seed, weightOf: weightOf(subject) })

function startOf(subject: Subject): FactorSet {
  const { method, options, spectra, weights } = subject
  const entries = SITES.flatMap((site, at) => {
    const context = { site, spectrum: spectra[at]!, weight: weights[at]!, random: testRandom(20 + at) }
    return Object.entries(method.start(context, options)).map(
      ([name, values]) => [factorKey(site.name, name), values] as const,
    )
  })
  return Object.fromEntries(entries)
}

/** Both sites with their own frozen factors, and trained ones drawn or as they start. */
function adaptedSites(subject: Subject, random: RandomStream | null = testRandom(11)): AdaptedSite[] {
  const { layout, weights } = subject
  const start = { ...derived(subject), ...startOf(subject) }
  return layout.sites.map((entry, at) => {
    const factors = Object.entries(siteFactors(entry, start)).map(([name, values]) => {
      const trained = entry.adapter.factors.some((factor) => factor.train && factor.name === name)
      return [name, trained && random !== null ? uniform(values.length, random) : values] as const
    })
    return { ...entry, weight: weights[at]!, factors: Object.fromEntries(factors) }
  })
}

function describeStart(subject: Subject): void {
  const { layout, paper, spectra, weights } = subject
  it('trains as many numbers as the formula of its paper says', () => {
    for (const site of SITES) {
      const own = layout.segments.filter((segment) => segment.site === site.name)
      expect(own.reduce((sum, { length }) => sum + length, 0)).toBe(paper.trainable(site))
    }
  })

  it('starts with the weight change that its paper says, and without a bias', () => {
    for (const [at, adapted] of adaptedSites(subject, null).entries()) {
      const { outDim, inDim } = adapted.site
      const expected = paper.startDelta?.(adapted.site, spectra[at]!) ?? new Float64Array(outDim * inDim)
      expect(largestDifference(deltaWeight(adapted), expected)).toBeLessThanOrEqual(1e-6)
      expect(Math.max(0, ...(mergedLayer(adapted).bias?.data ?? []))).toBe(0)
    }
  })

  it('makes the same factors, byte for byte, from the same start, and leaves its inputs as they are', () => {
    const before = structuredClone({ spectra, weights })
    const one = startOf(subject)
    expect(startOf(subject)).toEqual(one)
    expect({ spectra, weights }).toEqual(before)
  })
}

function describeFrozen(subject: Subject): void {
  const { layout, paper } = subject
  it('sends the frozen factors that are not derived, and derives the others alike at every party', () => {
    const factors = { ...derived(subject), ...startOf(subject) }
    expect(derived(subject)).toEqual(derived(subject))
    const sent = Object.keys(sentFactors(layout, factors))
    expect([...sent, ...Object.keys(derived(subject))].sort()).toEqual(
      Object.keys(frozenFactors(layout, factors)).sort(),
    )
    const words = Object.values(derived(subject)).flatMap((values) => [...new Uint32Array(values.buffer)])
    expect(words.length === 0 ? undefined : fnv1a32(words.join())).toBe(paper.derivedHash)
  })
}

function describeForward(subject: Subject): void {
  it('computes W′x + bias by its own forward pass, to 1e-5', () => {
    for (const adapted of adaptedSites(subject)) {
      const { site, adapter, weight, factors } = adapted
      const x = float64Tensor([3, site.inDim], uniform(3 * site.inDim, testRandom(2)))
      const tensors = adapter.factors.map(
        ({ name, rows, cols }) => [name, float64Tensor([rows, cols], factors[name]!)] as const,
      )
      const base = float64Tensor([site.outDim, site.inDim], weight)
      const forward = adapter.forward(float64Ops, { x, weight: base, factors: Object.fromEntries(tensors) })
      const merged = mergedLayer(adapted)
      const product = float64Ops.matMul(x, merged.weight, { transposeB: true })
      const expected = merged.bias === null ? product : float64Ops.add(product, merged.bias)
      expect(forward.shape).toEqual([3, site.outDim])
      expect(largestDifference(forward.data, expected.data)).toBeLessThanOrEqual(1e-5)
    }
  })

  it('gives W back when ΔW is merged and unmerged, to float32 rounding', () => {
    for (const adapted of adaptedSites(subject)) {
      const { weight } = adapted
      const delta = deltaWeight(adapted)
      const merged = merge(weight, delta)
      unmerge(merged, delta).forEach((value, at) => {
        const larger = Math.max(Math.abs(weight[at]!), Math.abs(merged[at]!))
        expect(Math.abs(value - weight[at]!)).toBeLessThanOrEqual(larger * 2 ** -23)
      })
    }
  })

  it('changes the weight, by no more rank than it says', () => {
    for (const adapted of adaptedSites(subject)) {
      const { outDim, inDim } = adapted.site
      const delta = mergedLayer(adapted).weight.data.map((value, at) => value - adapted.weight[at]!)
      const { s } = svd(matrix(outDim, inDim, delta))
      expect(s[0]).toBeGreaterThan(1e-3)
      expect(s.filter((value) => value > 1e-10 * s[0]!).length).toBeLessThanOrEqual(adapted.adapter.rank)
    }
  })
}

function describeCoordinates(subject: Subject): void {
  const { layout } = subject
  it('lays its coordinates out without gaps, and freezes whatever it does not train', () => {
    const ends = layout.segments.map(({ offset, length }) => offset + length)
    expect(layout.segments.map(({ offset }) => offset)).toEqual([0, ...ends.slice(0, -1)])
    expect(ends.at(-1)).toBe(layout.length)
    const trained = layout.segments.map(({ site, factor }) => factorKey(site, factor))
    const factors = { ...derived(subject), ...startOf(subject) }
    const frozen = Object.keys(frozenFactors(layout, factors))
    expect([...trained, ...frozen].sort()).toEqual(Object.keys(factors).sort())
  })

  it('goes from coordinates to factors and back without a change', () => {
    const bits = fc.float32Array({ minLength: layout.length, maxLength: layout.length })
    fc.assert(
      fc.property(bits, (coordinates) => {
        expect(flatten(layout, unflatten(layout, coordinates))).toEqual(coordinates)
      }),
    )
    const factors = startOf(subject)
    expect(factors).toMatchObject(unflatten(layout, flatten(layout, factors)))
  })

  it('refuses coordinates and factors of another length', () => {
    const mismatch = expect.objectContaining({ code: 'shape-mismatch' })
    expect(() => unflatten(layout, new Float32Array(layout.length + 1))).toThrow(mismatch)
    for (const { site, factor, length } of layout.segments) {
      const longer = { ...startOf(subject), [factorKey(site, factor)]: new Float32Array(length + 1) }
      expect(() => flatten(layout, longer)).toThrow(mismatch)
    }
  })
}

function describeRefusals({ method, paper }: Subject): void {
  const { refusals = [], largestRank } = paper
  const adapterWith = (site: Site, options: Record<string, unknown>) =>
    method.site(site, method.config.parse({ ...paper.options, ...options }) as never)

  it.each(refusals)('refuses $options with a sentence', ({ options, says, code = 'invalid-config' }) => {
    expect(() => adapterWith(SITES[0], options)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(says) }),
    )
  })

  if (largestRank === undefined) return
  it('takes the largest rank of a layer, and refuses one more with the layer and that rank', () => {
    for (const site of SITES) {
      const largest = largestRank(site)
      expect(adapterWith(site, { rank: largest }).factors.length).toBeGreaterThan(0)
      expect(() => adapterWith(site, { rank: largest + 1 })).toThrow(
        expect.objectContaining({
          code: 'rank-too-large',
          message: expect.stringContaining(site.name),
          details: expect.objectContaining({ site: site.name, rank: largest + 1, largest }),
        }),
      )
    }
  })
}

function uniform(length: number, random: RandomStream): Float32Array {
  const values = new Float32Array(length)
  random.fillUniform(values, 1)
  return values
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length)
  return Math.max(...Array.from(a, (value, at) => Math.abs(value - b[at]!)))
}
