import type { BaseChange, FactorPair, Fold, FoldContext, WeightedUpdate } from '@tessera/aggregators'
import { frobeniusNorm, fromFloat32, type Matrix, matrix, multiply, uniformGrid } from '@tessera/math'
import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import type { RuleUnderAttack } from './describe-robustness.ts'
import { testRandom } from './synthetic-matrix.ts'

/** Two sites of rank 2, not square, one after the other. */
const PAIRS: readonly FactorPair[] = [
  { site: 'one', B: { offset: 0, rows: 6, cols: 2 }, A: { offset: 12, rows: 2, cols: 5 }, scale: 2 },
  { site: 'two', B: { offset: 22, rows: 4, cols: 2 }, A: { offset: 30, rows: 2, cols: 8 }, scale: 0.5 },
]
const LENGTH = 46

/** Unequal on purpose; a rule that ignores weights counts all the same. */
const WEIGHTS = [1, 5, 2, 11]

/** What float32 leaves of exact products, and more. */
const EXACT = 1e-6
const VISIBLE = 1e-2

/**
 * The laws of a rule on coordinates that are factor pairs s B A: if it says that it is exact for products, coordinates and
 * rest together are the weighted mean of the clients' products; if it does not, the gap can be seen.
 */
export function describeFactorPairs(rule: RuleUnderAttack): void {
  const { aggregator, config } = rule
  const clients = Math.max(WEIGHTS.length, aggregator.robustness.minimumClients(config))
  const context = drawnContext()
  const updates = Array.from({ length: clients }, (_, at): WeightedUpdate => {
    return { update: drawn(at + 1), weight: WEIGHTS[at % WEIGHTS.length]! }
  })
  const begin = (): Fold => aggregator.begin(uniformGrid(LENGTH, -30, 1024), config, context)

  describe('on factor pairs', () => {
    const exact = aggregator.profile.exactFor.includes('product')
    it(exact ? 'gives the mean of the products, the rest counted' : 'does not give the mean of the products', () => {
      const gap = productGap(folded(begin(), updates), context, updates)
      if (exact) expect(gap).toBeLessThanOrEqual(EXACT)
      else expect(gap).toBeGreaterThan(VISIBLE)
    })

    it('leaves the same bytes in any order of arrival, and changes nothing that it was given', () => {
      const before = { context: structuredClone(context), updates: structuredClone(updates) }
      const [one, other] = [folded(begin(), updates), folded(begin(), updates.toReversed())]
      expect(other.finish()).toEqual(one.finish())
      expect(other.rest?.()).toEqual(one.rest?.())
      expect(other.measures?.()).toEqual(one.measures?.())
      expect({ context, updates }).toEqual(before)
    })

    it('leaves a rest in the base only if it says where the coordinates have to be', () => {
      const sites =
        folded(begin(), updates)
          .rest?.()
          .map(({ site }) => site) ?? []
      if (exact) expect(sites).toEqual(PAIRS.map(({ site }) => site))
      else expect(sites).toEqual([])
      expect(aggregator.profile.gives).toBe(aggregator.profile.reads === 'factor-pairs' ? 'place' : 'step')
    })
  })
}

function folded(fold: Fold, updates: readonly WeightedUpdate[]): Fold {
  for (const { update, weight } of updates) unwrap(fold.add(update, weight))
  return fold
}

function drawn(seed: number): Float32Array {
  const random = testRandom(seed)
  return Float32Array.from({ length: LENGTH }, () => random.symmetricUniform())
}

const drawnContext = (): FoldContext => ({ pairs: PAIRS, lines: [], received: drawn(101), restart: drawn(102) })

/** ‖Σ pᵢ s Bᵢ Aᵢ − s B A − rest‖ / ‖Σ pᵢ s Bᵢ Aᵢ‖ over all pairs, in float64. */
function productGap(fold: Fold, { pairs, received }: FoldContext, updates: readonly WeightedUpdate[]): number {
  const update = fold.finish()
  const result = received.map((value, at) => value + update[at]!)
  const rest = fold.rest?.() ?? []
  const total = updates.reduce((sum, { weight }) => sum + weight, 0)
  let [wrong, whole] = [0, 0]
  for (const pair of pairs) {
    const changes = updates.map(({ update, weight }) => ({
      share: weight / total,
      change: productOf(
        pair,
        Float64Array.from(received, (value, at) => value + update[at]!),
      ),
    }))
    const mean = combination(changes)
    const [after, base] = [productOf(pair, Float64Array.from(result)), restAt(pair, rest)]
    const miss = combination([mean, after, base].map((change, at) => ({ share: at === 0 ? 1 : -1, change })))
    wrong += frobeniusNorm(miss) ** 2
    whole += frobeniusNorm(mean) ** 2
  }
  return Math.sqrt(wrong / whole)
}

function productOf({ B, A, scale }: FactorPair, coordinates: Float64Array): Matrix {
  const [left, right] = [B, A].map(({ offset, rows, cols }) =>
    matrix(rows, cols, coordinates.slice(offset, offset + rows * cols)),
  )
  const product = multiply(left!, right!)
  return { ...product, data: product.data.map((value) => scale * value) }
}

function restAt({ site, B, A }: FactorPair, rest: readonly BaseChange[]): Matrix {
  const own = rest.find((change) => change.site === site)
  if (own === undefined) return matrix(B.rows, A.cols)
  return multiply(fromFloat32(B.rows, own.rank, own.left), fromFloat32(own.rank, A.cols, own.right))
}

function combination(terms: readonly { readonly share: number; readonly change: Matrix }[]): Matrix {
  const { rows, cols } = terms[0]!.change
  const data = Float64Array.from({ length: rows * cols }, (_, at) =>
    terms.reduce((sum, { share, change }) => sum + share * change.data[at]!, 0),
  )
  return matrix(rows, cols, data)
}
