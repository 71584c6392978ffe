import { exactSpectrum, randomMatrix, testRandom } from '@tessera/testing'
import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { adapterMethods, deltaWeight, type Spectrum, type StartContext } from './index.ts'

const site = { name: 'layer', outDim: 6, inDim: 5 }
const zero = exactSpectrum(randomMatrix(6, 5, testRandom(1)), 2)
const product: Spectrum = { ...zero, start: 'product' }
const right: Spectrum = { ...zero, u: new Float32Array(0), start: 'right' }

function startOf(name: string, options: object, given: Partial<StartContext>) {
  const method = unwrap(adapterMethods.byName(name))
  const config = method.config.parse(options) as never
  const context = { site, spectrum: null, weight: null, random: testRandom(2), ...given }
  return { adapter: method.site(site, config), factors: method.start(context, config) }
}
const refused = (code: string, message: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(message) })

describe('a start that does not fit its initialisation', () => {
  it.each(['lora-sb', 'lora-xs', 'lamda'])('%s refuses a product, right vectors, and nothing', (name) => {
    const start = (spectrum: Spectrum | null) => () => startOf(name, { rank: 2 }, { spectrum })
    expect(start(zero)).not.toThrow()
    expect(start(product)).toThrow(refused('invalid-config', 'gives a product to start from'))
    expect(start(right)).toThrow(refused('invalid-config', 'gives an input basis only'))
    expect(start(null)).toThrow(refused('invalid-argument', 'none was given'))
  })

  it('lora refuses a product where it shall start at zero, and right vectors where it shall start at a product', () => {
    expect(() => startOf('lora', { rank: 2 }, { spectrum: product })).toThrow(
      refused('invalid-config', 'B would be zero'),
    )
    expect(() => startOf('lora', { rank: 2, start: 'product' }, { spectrum: right })).toThrow(
      refused('invalid-config', 'gives an input basis only'),
    )
  })

  it.each(['svfit', 'loldu', 'soka'])('%s asks for the base weight', (name) => {
    expect(() => startOf(name, { rank: 2 }, {})).toThrow(refused('invalid-argument', 'from its base weight'))
  })
})

describe('the starts of lora', () => {
  it('are A = Vᵀ from bases and from right vectors, and random in ±1/√inDim from nothing', () => {
    for (const spectrum of [zero, right]) {
      expect(startOf('lora', { rank: 2 }, { spectrum }).factors.A).toEqual(zero.vT)
    }
    const { A, B } = startOf('lora', { rank: 2 }, {}).factors
    expect(Math.max(...A.map(Math.abs))).toBeLessThanOrEqual(1 / Math.sqrt(5))
    expect(Math.max(...A.map(Math.abs))).toBeGreaterThan(0.5 / Math.sqrt(5))
    expect(B).toEqual(new Float32Array(12))
  })

  it('split a product so that B₀ A₀ (alpha / rank) is U diag(s) Vᵀ, which B A goes away from', () => {
    const { adapter, factors } = startOf('lora', { rank: 2, alpha: 6, start: 'product' }, { spectrum: product })
    const weight = new Float32Array(30)
    const without = { ...factors, B0: new Float32Array(12) }
    const delta = deltaWeight({ site, adapter, weight, factors: without })
    const { u, s, vT } = product
    delta.forEach((value, at) => {
      const [row, col] = [Math.floor(at / 5), at % 5]
      const expected = s.reduce((sum, sigma, k) => sum + u[row * 2 + k] * sigma * vT[k * 5 + col], 0)
      expect(Math.abs(value - expected)).toBeLessThan(1e-6)
    })
    expect(Math.max(...deltaWeight({ site, adapter, weight, factors }).map(Math.abs))).toBe(0)
  })
})
