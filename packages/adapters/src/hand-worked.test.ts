import { testRandom } from '@tessera/testing'
import { type Site, unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { adapterMethods, deltaWeight, mergedLayer } from './index.ts'

interface Case {
  readonly what: string
  readonly method: string
  readonly options?: Record<string, unknown>
  readonly factors: Readonly<Record<string, readonly number[]>>
  /** ΔW, row by row. */
  readonly delta: readonly number[]
  readonly site?: Site
}

/** [2, 3], and W = [[1, 2, 3], [4, 5, 6]]. */
const SITE: Site = { name: 'layer', outDim: 2, inDim: 3 }
const [B, A] = [
  [1, 2],
  [1, 0, -1],
]
const square = { factors: { B, R: [3], A }, delta: [3, 0, -3, 6, 0, -6] }
const sparse = { factors: { v: [7, -1], positions: [0, 1, 2, 0] }, delta: [0, 0, 7, -1, 0, 0] }

const CASES: readonly Case[] = [
  {
    what: '(alpha / rank) P diag(λ) Q, λ = [3, −1]',
    method: 'adalora',
    options: { rank: 2, alpha: 4 },
    factors: { P: [1, 0, 2, 1], lambda: [3, -1], Q: [1, 0, -1, 0, 2, 0] },
    delta: [6, 0, -6, 12, -4, -12],
  },
  { what: 'B R A', method: 'lora-sb', options: { rank: 1 }, ...square },
  { what: 'B R A', method: 'lora-xs', options: { rank: 1 }, ...square },
  { what: 'B R A', method: 'lamda', options: { rank: 1 }, ...square },
  {
    what: 'U diag(d) V',
    method: 'svfit',
    options: { rank: 2 },
    factors: { U: [1, 0, 0, 1], d: [2, -1], V: [0, 1, 0, 1, 1, 1] },
    delta: [0, 2, 0, -1, -1, -1],
  },
  {
    what: 'L diag(σ z − z₀) U, with σ z − z₀ = 2 · 3 − 4',
    method: 'loldu',
    options: { rank: 1, trainScale: true },
    factors: { L: [1, 0.5], z: [3], z0: [4], U: [1, 2, 0], scale: [2] },
    delta: [2, 4, 0, 1, 2, 0],
  },
  {
    what: 'M over groups, s = ⌊√5⌋ = 2: columns 0 and 2 are one group',
    method: 'mora',
    options: { rank: 1 },
    factors: { M: [1, 2, 3, 4] },
    delta: [1, 2, 1, 3, 4, 3],
  },
  {
    what: '(alpha / rank) B A',
    method: 'lora',
    options: { rank: 1, alpha: 2 },
    factors: { B, A },
    delta: [2, 0, -2, 4, 0, -4],
  },
  {
    what: '(alpha / rank)(B A − B₀ A₀)',
    method: 'lora',
    options: { rank: 1, alpha: 2, start: 'product' },
    factors: { B, A, B0: [0, 1], A0: [1, 1, 0] },
    delta: [2, 0, -2, 2, -2, -4],
  },
  {
    what: '(alpha / rank) B A',
    method: 'train-b-only',
    options: { rank: 1, alpha: 2 },
    factors: { B, A },
    delta: [2, 0, -2, 4, 0, -4],
  },
  {
    what: '(alpha / rank) B M A, B M = [[0, 1], [2, 0]]',
    method: 'moslora',
    options: { rank: 2, alpha: 2 },
    factors: { B: [1, 0, 0, 2], M: [0, 1, 1, 0], A: [1, 0, -1, 0, 5, 0] },
    delta: [0, 5, 0, 2, 0, -2],
  },
  {
    what: 'diag(b) B diag(d) A',
    method: 'vera',
    options: { rank: 1 },
    factors: { b: [1, 2], d: [3], B: [1, 1], A: [1, 0, 2] },
    delta: [3, 0, 6, 6, 0, 12],
  },
  {
    what: '(A ⊙ λ ⊙ γ)ᵀ Bᵀ, with rows [1, 3] and [0, 6] of the first and 2 ≤ 3',
    method: 'randlora',
    options: { rank: 2, alpha: 2 },
    factors: { lambda: [1, 2], gamma: [1, 3], A: [1, 1, 0, 1], B: [1, 0, 0, 1, 1, 1] },
    delta: [1, 0, 1, 3, 6, 9],
  },
  {
    what: 'mixtures: B = [1, 2]ᵀ, A = [0, 0, 1] + [1, 1, 0]',
    method: 'nola',
    options: { rank: 1, bases: 2, alpha: 1 },
    factors: { mixB: [1, 2], mixA: [1, 0], basesB: [1, 0, 0, 1], basesA: [1, 1, 0, 9, 9, 9], A0: [0, 0, 1] },
    delta: [1, 1, 1, 2, 2, 2],
  },
  { what: 'diag(l) W − W', method: 'ia3', factors: { l: [2, 3] }, delta: [1, 2, 3, 8, 10, 12] },
  { what: 'diag(γ) W − W', method: 'ssf', factors: { scale: [2, 3], shift: [1, -1] }, delta: [1, 2, 3, 8, 10, 12] },
  {
    what: 'W b + b, block by block',
    method: 'bone',
    options: { rank: 1 },
    factors: { b: B },
    delta: [2, 3, 4, 10, 12, 14],
  },
  {
    what: 'b repeated',
    method: 'bone',
    options: { rank: 1, form: 'shared' },
    factors: { b: B },
    delta: [1, 1, 1, 2, 2, 2],
  },
  {
    what: 'L ⊗ K, L = [[1, 2], [0, −1]] and K = [[1, 0, 1], [0, 1, 0]]',
    method: 'soka',
    options: { rank: 1, start: 'zero' },
    site: { name: 'layer', outDim: 4, inDim: 6 },
    factors: { L: [1, 2, 0, -1], K: [1, 0, 1, 0, 1, 0] },
    delta: [1, 0, 1, 2, 0, 2, 0, 1, 0, 0, 2, 0, 0, 0, 0, -1, 0, -1, 0, 0, 0, 0, -1, 0],
  },
  {
    what: 'two reflections, that turn the first and the second column round',
    method: 'hra',
    options: { rank: 2 },
    factors: { U: [2, 0, 0, 0, -3, 0] },
    delta: [-2, -4, 0, -8, -10, 0],
  },
  { what: 'values at (0, 2) and (1, 0)', method: 'sltrain', options: { density: 1 / 3 }, ...sparse },
  { what: 'values at (0, 2) and (1, 0)', method: 'lift', options: { rank: 1, density: 1 / 3 }, ...sparse },
  { what: 'D', method: 'full', factors: { D: [1, 2, 3, 4, 5, 6] }, delta: [1, 2, 3, 4, 5, 6] },
  { what: 'D', method: 'lisa', factors: { D: [1, 2, 3, 4, 5, 6] }, delta: [1, 2, 3, 4, 5, 6] },
]

function adapted({ method, options = {}, factors, site = SITE }: Case) {
  const plugin = unwrap(adapterMethods.byName(method))
  const values = Object.entries(factors).map(([name, numbers]) => [name, Float32Array.from(numbers)] as const)
  return {
    site,
    adapter: plugin.site(site, plugin.config.parse(options) as never),
    weight: Float32Array.from({ length: site.outDim * site.inDim }, (_, at) => at + 1),
    factors: Object.fromEntries(values),
  }
}

describe('a weight change worked by hand', () => {
  it.each(CASES)('$method: $what', (example) => {
    expect(Array.from(deltaWeight(adapted(example)), (value) => value + 0)).toEqual(example.delta)
  })

  it('is there for every method', () => {
    expect([...new Set(CASES.map(({ method }) => method))].sort()).toEqual(adapterMethods.names)
  })

  it('ssf: the shift becomes a bias', () => {
    const example = CASES.find(({ method }) => method === 'ssf') as Case
    expect([...(mergedLayer(adapted(example)).bias?.data ?? [])]).toEqual([1, -1])
  })
})

describe('a start worked by hand', () => {
  const context = { site: SITE, spectrum: null, random: testRandom(1), weight: Float32Array.of(1, 2, 3, 4, 5, 6) }
  const start = (method: string, options: object) =>
    unwrap(adapterMethods.byName(method)).start(context, options as never)

  it('loldu: the pivot is 4, L = [1/4, 1]ᵀ and U = [1, 5/4, 6/4]', () => {
    const { L, z, z0, U } = start('loldu', { rank: 1, trainScale: false })
    expect([L, z, z0, U].map((values) => [...values])).toEqual([[0.25, 1], [4], [4], [1, 1.25, 1.5]])
  })

  it('lift: the largest entry may have no part in the principal weights', () => {
    const method = unwrap(adapterMethods.byName('lift'))
    // rank 1 keeps the four threes, of singular value 6, and drops the five
    const weight = Float32Array.of(3, 3, 0, 3, 3, 0, 0, 0, 5)
    const site = { name: 'layer', outDim: 3, inDim: 3 }
    const { factors } = method.site(site, { rank: 1, density: 4 / 9 } as never)
    const positions = factors.find(({ name }) => name === 'positions')
    const source = { site: testRandom(1), run: testRandom(2), weight: () => weight }
    expect([...(positions?.train === false ? (positions.derive?.(source) ?? []) : [])]).toEqual([
      0, 0, 1, 1, 0, 1, 0, 1,
    ])
  })
})
