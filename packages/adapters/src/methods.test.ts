import { fromFloat32, matrix, multiply } from '@tessera/math'
import { type AdapterPaper, describeAdapter } from '@tessera/testing'
import type { Site } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { adapterMethods, initialisations, type Spectrum } from './index.ts'

const smallerSide = ({ outDim, inDim }: Site): number => Math.min(outDim, inDim)
const entries = ({ outDim, inDim }: Site): number => outDim * inDim

/** η · U diag(s) Vᵀ */
function step(eta: number, { outDim, inDim }: Site, { u, s, vT }: Spectrum): Float64Array {
  const scaled = matrix(
    outDim,
    s.length,
    Float64Array.from(u, (value, at) => eta * value * s[at % s.length]),
  )
  return multiply(scaled, fromFloat32(s.length, inDim, vT)).data
}

/** Every method by name, in each of the forms that its options give it; the layers are [8, 6] and [4, 10]. */
const PAPERS: Readonly<Record<string, readonly AdapterPaper[]>> = {
  'adalora': [
    {
      options: { rank: 3, alpha: 6 },
      trainable: ({ outDim, inDim }) => 3 * (outDim + 1 + inDim),
      largestRank: smallerSide,
    },
  ],
  'bone': [
    {
      options: { rank: 2 },
      trainable: ({ outDim }) => 2 * outDim,
      refusals: [
        { options: { rank: 4 }, says: 'blocks of 4 do not divide side 6 of layer layers.0.q_proj' },
        { options: { rank: 3 }, says: 'blocks of 3 do not divide side 8 of layer layers.0.q_proj' },
      ],
    },
    { options: { rank: 2, form: 'shared' }, trainable: ({ outDim }) => 2 * outDim },
  ],
  'full': [{ options: {}, trainable: entries }],
  'hra': [
    {
      options: { rank: 4 },
      trainable: ({ inDim }) => 4 * inDim,
      largestRank: ({ inDim }) => inDim,
      refusals: [{ options: { rank: 3 }, says: '3 reflections do not cancel in pairs' }],
    },
  ],
  'ia3': [{ options: {}, trainable: ({ outDim }) => outDim }],
  'lamda': [
    { options: { rank: 3, freezeAfter: 2 }, trainable: ({ outDim }) => 9 + 3 * outDim, largestRank: smallerSide },
  ],
  'lift': [
    {
      options: { rank: 2, density: 0.1 },
      trainable: () => 4, // ⌊4.8⌋ and 4
      largestRank: smallerSide,
      derivedHash: 0x8858a555,
    },
  ],
  'lisa': [{ options: { layers: 1 }, trainable: entries }],
  'loldu': [
    { options: { rank: 3 }, trainable: () => 3, largestRank: smallerSide, derivedHash: 0xffd4551b },
    { options: { rank: 3, trainScale: true }, trainable: () => 3 + 1, largestRank: smallerSide },
  ],
  'lora': [
    { options: { rank: 3 }, trainable: ({ outDim, inDim }) => 3 * (outDim + inDim), largestRank: smallerSide },
    {
      options: { rank: 2, alpha: 3, start: 'product' },
      trainable: ({ outDim, inDim }) => 2 * (outDim + inDim),
      largestRank: smallerSide,
    },
  ],
  'lora-sb': [
    {
      options: { rank: 3, initialStep: 0.5 },
      trainable: () => 9,
      startDelta: (site, spectrum) => step(0.5, site, spectrum),
      largestRank: smallerSide,
    },
  ],
  'lora-xs': [{ options: { rank: 4 }, trainable: () => 16, largestRank: smallerSide }],
  'mora': [
    {
      options: { rank: 1 },
      trainable: () => 9, // ⌊√14⌋² on both
      // as many as fit: s = ⌊√(14 · 3)⌋ = 6 on [8, 6], and ⌊√14⌋ = 3 on [4, 10]
      largestRank: ({ outDim }) => (outDim === 8 ? 3 : 1),
    },
  ],
  'moslora': [
    { options: { rank: 3 }, trainable: ({ outDim, inDim }) => 3 * (outDim + 3 + inDim), largestRank: smallerSide },
    {
      options: { rank: 3, trainB: false },
      trainable: ({ inDim }) => 3 * (3 + inDim),
      refusals: [{ options: { trainMixer: false, trainA: false }, says: 'moslora has nothing to train' }],
      derivedHash: 0xee1b4572,
    },
    { options: { rank: 3, trainB: false, trainA: false }, trainable: () => 9, derivedHash: 0x8a4630c2 },
    {
      options: { rank: 3, trainMixer: false },
      trainable: ({ outDim, inDim }) => 3 * (outDim + inDim),
      derivedHash: 0x8b459875,
    },
  ],
  'nola': [
    { options: { rank: 2, bases: 5 }, trainable: () => 10, largestRank: smallerSide, derivedHash: 0xc7eb120d },
    { options: { rank: 2, bases: 5, trains: 'left' }, trainable: () => 5, derivedHash: 0x78a4d66d },
    { options: { rank: 2, bases: 5, trains: 'right' }, trainable: () => 5, derivedHash: 0xad50ca9d },
    { options: { rank: 2, bases: 5, trains: 'alternate' }, trainable: () => 10, derivedHash: 0xc7eb120d },
  ],
  'randlora': [
    {
      options: { rank: 4, alpha: 8 },
      trainable: (site) => Math.ceil(smallerSide(site) / 4) * (4 + smallerSide(site)), // n (r + min)
      largestRank: smallerSide,
      derivedHash: 0x083f7d4d,
    },
    {
      options: { rank: 4, trains: 'left' },
      trainable: (site) => 4 * Math.ceil(smallerSide(site) / 4),
      derivedHash: 0x98a94c59,
    },
    {
      options: { rank: 4, trains: 'right' },
      trainable: (site) => smallerSide(site) * Math.ceil(smallerSide(site) / 4),
      derivedHash: 0x8182dcd5,
    },
  ],
  'sltrain': [
    { options: { density: 0.2 }, trainable: (site) => Math.floor(0.2 * entries(site)), derivedHash: 0x01d24b11 },
  ],
  'soka': [
    {
      options: { rank: 2 },
      trainable: ({ outDim }) => (outDim === 8 ? 2 * (2 * 2 + 4 * 3) : 2 * (2 * 2 + 2 * 5)), // r (p m + q n)
      largestRank: () => 4, // p m = 4
    },
    { options: { rank: 2, trains: 'right' }, trainable: ({ outDim }) => (outDim === 8 ? 24 : 20) },
    {
      options: { rank: 2, start: 'zero' },
      trainable: ({ outDim }) => (outDim === 8 ? 32 : 28),
      largestRank: () => 4,
    },
    { options: { rank: 2, start: 'zero', trains: 'left' }, trainable: () => 8, derivedHash: 0x482b0b7d },
    {
      options: { rank: 2, start: 'zero', trains: 'right' },
      trainable: ({ outDim }) => (outDim === 8 ? 24 : 20),
      derivedHash: 0xfc4a6da0,
    },
  ],
  'ssf': [{ options: {}, trainable: ({ outDim }) => 2 * outDim }],
  'svfit': [{ options: { rank: 3 }, trainable: () => 3, largestRank: smallerSide }],
  'train-b-only': [
    { options: { rank: 3 }, trainable: ({ outDim }) => 3 * outDim, largestRank: smallerSide, derivedHash: 0x11ab8ea7 },
  ],
  'vera': [
    { options: { rank: 4 }, trainable: ({ outDim }) => outDim + 4, derivedHash: 0xadf0249f },
    { options: { rank: 4, trains: 'left' }, trainable: ({ outDim }) => outDim, derivedHash: 0xb3844877 },
    { options: { rank: 4, trains: 'right' }, trainable: () => 4, derivedHash: 0x3f295067 },
  ],
}

for (const method of adapterMethods.plugins) for (const paper of PAPERS[method.name]) describeAdapter(method, paper)

describe('adapter methods', () => {
  it('are all held to a paper', () => {
    expect(Object.keys(PAPERS).sort()).toEqual(adapterMethods.names)
  })

  it('name an initialisation that there is exactly where they can not start without one', () => {
    for (const { name, needs, initialisation } of adapterMethods.plugins) {
      const known = initialisation !== undefined && initialisations.names.includes(initialisation)
      expect(known, name).toBe(needs === 'spectrum')
    }
  })

  it('are selected by name, with the base model as the start of lora-sb unless a step is asked for', () => {
    expect(adapterMethods.selection.parse({ method: 'lora-sb' })).toEqual({
      method: 'lora-sb',
      rank: 32,
      initialStep: 0,
    })
    const missing = adapterMethods.byName('dora')
    expect(missing.ok ? '' : `${missing.error.code}: ${missing.error.fix}`).toBe(
      `unknown-method: Use one of: ${adapterMethods.names.join(', ')}.`,
    )
  })
})
