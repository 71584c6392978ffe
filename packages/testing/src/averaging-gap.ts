import { type AdaptedSite, type Float64Tensor, float64Ops, float64Tensor } from '@tessera/adapters'
import type { RandomStream } from '@tessera/math'
import { expect } from 'vitest'

/** Unequal on purpose: a rule that forgets the weights has a gap too. */
const WEIGHTS = [1, 5, 2, 11]
const TOTAL = WEIGHTS.reduce((sum, weight) => sum + weight, 0)

/** What float64 leaves of an exact mean, and more. */
const EXACT = 1e-6
/** A declaration that gives exactness away must have a reason that can be seen. */
const VISIBLE = 1e-2

type Factors = Readonly<Record<string, Float64Tensor>>

/**
 * ‖mean ΔW(θᵢ) − ΔW(mean θᵢ)‖ / ‖mean ΔW(θᵢ)‖ over clients of unequal weights with random trained factors; those that
 * are not in `varied` are the same at every client. A bias counts as a part of ΔW. All in float64.
 *
 * @param adapted Its frozen factors are taken as they are, the trained ones are drawn.
 */
export function averagingGap(adapted: AdaptedSite, varied: readonly string[], random: RandomStream): number {
  const common = drawnFactors(adapted, random)
  const clients = WEIGHTS.map((): Factors => {
    const own = drawnFactors(adapted, random)
    return Object.fromEntries(Object.keys(common).map((name) => [name, (varied.includes(name) ? own : common)[name]!]))
  })
  const meanFactors = Object.entries(common).map(([name, { shape }]) => {
    const mean = weightedMean(clients.map((factors) => factors[name]!.data))
    return [name, { shape, data: mean }] as const
  })
  const meanOfChanges = weightedMean(clients.map((factors) => changeOf(adapted, factors)))
  const changeOfMean = changeOf(adapted, Object.fromEntries(meanFactors))
  return norm(meanOfChanges.map((value, at) => value - changeOfMean[at]!)) / norm(meanOfChanges)
}

/**
 * The declared exactness of every trained factor holds numerically: `linear` whatever else varies,
 * `linear-if-frozen(X)` while X is common to all and not when it varies too, `product` alone but not beside every other
 * factor, and `manifold` not even alone.
 */
export function expectDeclaredExactness(adapted: AdaptedSite, random: RandomStream): void {
  const trained = adapted.adapter.factors.filter((factor) => factor.train)
  const names = trained.map(({ name }) => name)
  for (const { name, exactness } of trained) {
    const gap = (varied: readonly string[]): number => averagingGap(adapted, varied, random)
    if (exactness === 'manifold') {
      expect(gap([name]), `${name} is manifold`).toBeGreaterThan(VISIBLE)
      continue
    }
    if (exactness === 'product') {
      const others = names.filter((other) => other !== name)
      expect(gap([name]), `${name} is product, and linear alone`).toBeLessThanOrEqual(EXACT)
      expect(Math.max(0, ...others.map((other) => gap([name, other]))), `${name} is product`).toBeGreaterThan(VISIBLE)
      continue
    }
    const held = /^linear-if-frozen\((.+)\)$/.exec(exactness)?.[1]
    if (held !== undefined) {
      expect(names, `${name} is ${exactness}`).toContain(held)
      expect(gap([name, held]), `${name} is ${exactness}, and ${held} matters`).toBeGreaterThan(VISIBLE)
    }
    const varied = names.filter((other) => other !== held)
    expect(gap(varied), `${name} is ${exactness}`).toBeLessThanOrEqual(EXACT)
  }
}

/** Of a factor whose rows are declared lines neither length nor sign of a row matters to the weight change. */
export function expectDeclaredLines(adapted: AdaptedSite, random: RandomStream): void {
  const drawn = drawnFactors(adapted, random)
  const change = changeOf(adapted, drawn)
  for (const factor of adapted.adapter.factors) {
    if (!factor.train || factor.lines === undefined) continue
    const { name, rows, cols } = factor
    const scales = Array.from({ length: rows }, (_, row) => (row % 2 === 0 ? -1 : 1) * (0.5 + row))
    const stretched = drawn[name]!.data.map((value, at) => value * scales[Math.floor(at / cols)]!)
    const other = changeOf(adapted, { ...drawn, [name]: float64Tensor([rows, cols], stretched) })
    expect(norm(other.map((value, at) => value - change[at]!)), `rows of ${name} are lines`).toBeLessThanOrEqual(
      EXACT * norm(change),
    )
  }
}

/** W' − W and the bias, one after the other. */
function changeOf({ site, adapter, weight }: AdaptedSite, factors: Factors): Float64Array {
  const base = float64Tensor([site.outDim, site.inDim], weight)
  const merged = adapter.merged(float64Ops, { weight: base, factors })
  const delta = merged.weight.data.map((value, at) => value - weight[at]!)
  return Float64Array.of(...delta, ...(merged.bias?.data ?? []))
}

function drawnFactors({ adapter, factors }: AdaptedSite, random: RandomStream): Factors {
  const drawn = adapter.factors.map(({ name, rows, cols, train }) => {
    const values = Float64Array.from({ length: rows * cols }, () => random.symmetricUniform())
    return [name, float64Tensor([rows, cols], train ? values : factors[name]!)] as const
  })
  return Object.fromEntries(drawn)
}

const weightedMean = (vectors: readonly Float64Array[]): Float64Array =>
  Float64Array.from(
    vectors[0]!,
    (_, at) => vectors.reduce((sum, vector, i) => sum + vector[at]! * WEIGHTS[i]!, 0) / TOTAL,
  )

const norm = (values: Float64Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
