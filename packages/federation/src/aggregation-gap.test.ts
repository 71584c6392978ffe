import { adapterMethods, createLayout, layoutOf } from '@tessera/adapters'
import { testRandom } from '@tessera/testing'
import { type Site, unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { type AggregatedRound, aggregationGap } from './aggregation-gap.ts'

const SITE: Site = { name: 's', outDim: 2, inDim: 2 }
const layoutFor = (method: string, options: object, sites: readonly Site[]) => {
  const known = unwrap(adapterMethods.byName(method))
  return createLayout(known, known.config.parse(options), sites)
}

/** LoRA of rank 1 and scale 2 that received B = 0 and A = (1, 0): the clients of the aggregators' pair rules. */
const lora = layoutFor('lora', { rank: 1, alpha: 2 }, [SITE])
const ROUND: AggregatedRound = {
  all: lora,
  active: lora,
  frozen: {},
  weightOf: () => Float32Array.of(5, 6, 7, 8),
  received: Float32Array.of(0, 0, 1, 0),
  updates: [
    { update: Float32Array.of(4, 0, 0, 0), weight: 1 },
    { update: Float32Array.of(0, 4, -1, 1), weight: 3 },
  ],
  result: Float32Array.of(1, 3, -0.75, 0.75),
  rest: [],
}

describe('aggregationGap', () => {
  it('of two means, worked by hand: 2 diag(1, 3) − 2 (1, 3)ᵀ (1/4, 3/4) = [[1.5, −1.5], [−1.5, 1.5]]', () => {
    expect(aggregationGap(ROUND)).toBeCloseTo(3 / Math.sqrt(4 + 36), 12)
  })

  it('is nothing where the residual is in the rest', () => {
    const left = Float32Array.of(1.5, -1.5)
    const rest = [{ site: 's', rank: 1, left, right: Float32Array.of(1, -1) }]
    expect(aggregationGap({ ...ROUND, rest })).toBeLessThan(1e-7)
  })

  it('is 0 where nobody changed a weight', () => {
    const nothing = new Float32Array(4)
    expect(aggregationGap({ ...ROUND, updates: [{ update: nothing, weight: 1 }], result: nothing })).toBe(0)
  })

  it('counts biases: of (0, 0), (0, 3) in a bias and a result of (0, 1) instead of (0, 2)', () => {
    const all = layoutFor('ssf', {}, [SITE])
    const { segments, length } = all
    const bias = segments.find(({ factor, length: size }) => factor !== segments[0]!.factor && size === 2)!
    const at = (value: number) => Float32Array.from({ length }, (_, own) => (own === bias.offset + 1 ? value : 0))
    const received = Float32Array.from({ length }, (_, own) => (own < bias.offset ? 1 : 0)) // the scale is 1
    const updates = [
      { update: at(0), weight: 1 },
      { update: at(3), weight: 2 },
    ]
    expect(aggregationGap({ ...ROUND, all, active: all, received, updates, result: at(1) })).toBeCloseTo(0.5, 12)
  })

  it('is the same for a product of factors whether it is multiplied out or not', () => {
    const random = testRandom(1)
    const drawn = (length: number) => Float32Array.from({ length }, () => random.symmetricUniform())
    const sites = [
      { name: 'one', outDim: 6, inDim: 5 },
      { name: 'two', outDim: 4, inDim: 8 },
    ]
    const chains = layoutFor('moslora', { rank: 2 }, sites)
    const weights = layoutOf(chains.sites.map(({ site, adapter }) => ({ site, adapter: { ...adapter, chain: null } })))
    const parts = {
      frozen: {},
      weightOf: ({ outDim, inDim }: Site) => new Float32Array(outDim * inDim).fill(0.5),
      received: drawn(chains.length),
      updates: [2, 5, 1].map((weight) => ({ update: drawn(chains.length), weight })),
      result: drawn(chains.length),
      rest: [{ site: 'two', rank: 3, left: drawn(12), right: drawn(24) }],
    }
    const [narrow, wide] = [chains, weights].map((all) => aggregationGap({ ...parts, all, active: all }))
    expect(narrow).toBeGreaterThan(0.1)
    expect(narrow).toBeCloseTo(wide!, 9)
  })
})
