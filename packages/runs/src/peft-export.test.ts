import {
  type AdapterLayout,
  adapterMethods,
  createLayout,
  deltaWeight,
  derivedFactors,
  type FactorSet,
  factorKey,
  siteFactors,
  unflatten,
} from '@tessera/adapters'
import { readSafetensors } from '@tessera/models'
import { exactSpectrum, randomMatrix, testRandom } from '@tessera/testing'
import { type Site, unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { hasLoraPair } from './lora-pair.ts'
import { exportPeft } from './peft-export.ts'

const SITES: readonly Site[] = [
  { name: 'layers.0.q_proj', outDim: 8, inDim: 6 },
  { name: 'layers.0.down_proj', outDim: 6, inDim: 10 },
]
const uniform = (length: number, seed: number): Float32Array => {
  const values = new Float32Array(length)
  testRandom(seed).fillUniform(values, 1)
  return values
}
const weightOf = ({ outDim, inDim }: Site) => uniform(outDim * inDim, outDim)

/** A method at both layers: its own frozen factors, all trained numbers drawn. */
function trained(name: string) {
  const method = unwrap(adapterMethods.byName(name))
  const options = method.config.parse({ rank: 2, alpha: 2, density: 0.5 })
  const layout = createLayout(method, options, SITES)
  const start = SITES.flatMap((site) => {
    const spectrum = exactSpectrum(randomMatrix(site.outDim, site.inDim, testRandom(site.inDim)), 2)
    const context = { site, spectrum, weight: weightOf(site), random: testRandom(1) }
    return Object.entries(method.start(context, options as never)).map(
      ([factor, values]) => [factorKey(site.name, factor), values] as const,
    )
  })
  const frozen: FactorSet = { ...Object.fromEntries(start), ...derivedFactors(layout, { seed: 3, weightOf }) }
  return { layout, frozen, coordinates: uniform(layout.length, 9) }
}

const exportable = ({ sites }: AdapterLayout) => sites.every(({ site, adapter }) => hasLoraPair(site, adapter))
const low = adapterMethods.names.filter((name) => exportable(trained(name).layout))
const high = adapterMethods.names.filter((name) => !low.includes(name))

describe('a PEFT LoRA export', () => {
  it('is there for a product and for ΔW of at most half the rank, and not for blocks or whole matrices', () => {
    expect(low).toEqual(expect.arrayContaining(['lora', 'lora-sb', 'svfit', 'hra']))
    expect(high).toEqual(expect.arrayContaining(['full', 'bone', 'ia3']))
  })

  it.each(low)('of %s holds ΔW in lora_B lora_A to float32, with alpha = r and one rank everywhere', (name) => {
    const { layout, frozen, coordinates } = trained(name)
    const { files, exactness } = exportPeft({ layout, frozen, coordinates, baseModel: 'base', weightOf })
    const { r, lora_alpha: alpha } = JSON.parse(new TextDecoder().decode(files['adapter_config.json']))
    expect(alpha).toBe(r)
    const { tensors } = unwrap(readSafetensors(files['adapter_model.safetensors']))
    for (const entry of layout.sites) {
      const { outDim, inDim } = entry.site
      const factors = siteFactors(entry, { ...frozen, ...unflatten(layout, coordinates) })
      const delta = deltaWeight({ ...entry, weight: weightOf(entry.site), factors })
      const { data: b, shape } = tensors[`base_model.model.${entry.site.name}.lora_B.weight`]
      const { data: a } = tensors[`base_model.model.${entry.site.name}.lora_A.weight`]
      expect(shape).toEqual([outDim, r])
      delta.forEach((value, at) => {
        const [row, col] = [Math.floor(at / inDim), at % inDim]
        const product = Array.from({ length: r }, (_, k) => b[row * r + k] * a[k * inDim + col])
        expect(Math.abs(product.reduce((sum, term) => sum + term, 0) - value)).toBeLessThan(1e-5)
      })
    }
    expect(exactness.relative).toBeLessThan(1e-6)
  })

  it.each(high)('of %s is refused: merged weights are the way', (name) => {
    expect(() => exportPeft({ ...trained(name), baseModel: 'base', weightOf })).toThrow(
      expect.objectContaining({ code: 'not-exportable', fix: 'Export merged weights instead.' }),
    )
  })

  it('asks for the base model where ΔW is no product of factors', () => {
    expect(() => exportPeft({ ...trained('vera'), baseModel: 'base', weightOf: null })).toThrow(
      expect.objectContaining({ code: 'invalid-argument', fix: 'Give the base model.' }),
    )
  })
})
