import {
  adapterMethods,
  createLayout,
  type FactorSet,
  factorKey,
  flatten,
  frozenFactors,
  mergedLayer,
  siteFactors,
} from '@tessera/adapters'
import { createRandomStream } from '@tessera/math'
import { type BaseModel, readSafetensors } from '@tessera/models'
import { type Site, unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { exportMerged } from './merged-export.ts'
import { importMerged } from './merged-import.ts'

const SITES: readonly Site[] = [
  { name: 'layers.0.q_proj', outDim: 2, inDim: 3 },
  { name: 'layers.0.down_proj', outDim: 3, inDim: 2 },
]
const NORM = Float32Array.of(1, 1, 2)
const weightOf = ({ outDim, inDim }: Site) => Float32Array.from({ length: outDim * inDim }, (_, at) => at + 1)
const model = {
  architecture: { sites: () => SITES },
  config: {},
  parameters: {
    'norm.weight': { shape: [3], data: NORM },
    ...Object.fromEntries(
      SITES.map((site) => [`${site.name}.weight`, { shape: [site.outDim, site.inDim], data: weightOf(site) }]),
    ),
  },
} as unknown as BaseModel
const config = new TextEncoder().encode('{ "model_type": "llama" }\n')

/** The merged folder of a method at the first of both layers only, all trained numbers moved by +1. */
function merged(name: string) {
  const method = unwrap(adapterMethods.byName(name))
  const layout = createLayout(method, method.config.parse({}), SITES.slice(0, 1))
  const random = createRandomStream({ seed: 1, purpose: 'test', round: 0, client: 0, block: 0 })
  const start = method.start({ site: SITES[0], spectrum: null, weight: weightOf(SITES[0]), random }, {} as never)
  const factors: FactorSet = Object.fromEntries(
    Object.entries(start).map(([factor, values]) => [factorKey(SITES[0].name, factor), values]),
  )
  const coordinates = flatten(layout, factors).map((value) => value + 1)
  const { files } = exportMerged({ model, config, layout, frozen: frozenFactors(layout, factors), coordinates })
  const { tensors } = unwrap(readSafetensors(files['model.safetensors']))
  const numbers = Object.entries(tensors).map(([key, { shape, data }]) => [key, [[...shape], [...data]]])
  return {
    files,
    tensors: Object.fromEntries(numbers),
    config: JSON.parse(new TextDecoder().decode(files['config.json'])),
  }
}

describe('merged weights', () => {
  it('are read as an adapter of the layers that differ, and not with another base model', () => {
    const weights = (name: string) => merged(name).files['model.safetensors']
    const scaled = unwrap(importMerged(weights('ia3'), model))
    expect(scaled.frozen).toEqual({ 'layers.0.q_proj.W': Float32Array.of(2, 4, 6, 8, 10, 12) })
    const shifted = unwrap(importMerged(weights('ssf'), model))
    expect(Object.keys(shifted.frozen)).toEqual(['layers.0.q_proj.W', 'layers.0.q_proj.b'])
    const [{ site, adapter }] = shifted.layout.sites
    const factors = siteFactors({ site, adapter }, shifted.frozen)
    const { weight, bias } = mergedLayer({ site, adapter, weight: weightOf(site), factors })
    expect([[...weight.data], [...bias!.data]]).toEqual([
      [2, 4, 6, 8, 10, 12],
      [1, 1],
    ])
    const norm = { shape: [3], data: Float32Array.of(1, 1, 1) }
    const other = { ...model, parameters: { ...model.parameters, 'norm.weight': norm } }
    expect(importMerged(weights('ia3'), other)).toMatchObject({
      error: { code: 'invalid-adapter', message: expect.stringContaining('norm.weight has other values') },
    })
  })

  it('of (IA)³ are the scaled rows under the base’s names; everything else is as it was', () => {
    const { tensors, config } = merged('ia3')
    expect(tensors).toEqual({
      'layers.0.q_proj.weight': [
        [2, 3],
        [2, 4, 6, 8, 10, 12],
      ], // l = 1 + 1
      'layers.0.down_proj.weight': [
        [3, 2],
        [1, 2, 3, 4, 5, 6],
      ],
      'norm.weight': [[3], [1, 1, 2]],
    })
    expect(config).toEqual({ model_type: 'llama' })
  })

  it('of SSF have a bias at every layer, zero where nothing was trained, and a configuration that says so', () => {
    const { tensors, config } = merged('ssf')
    expect(tensors['layers.0.q_proj.weight']).toEqual([
      [2, 3],
      [2, 4, 6, 8, 10, 12],
    ])
    expect(tensors['layers.0.q_proj.bias']).toEqual([[2], [1, 1]])
    expect(tensors['layers.0.down_proj.bias']).toEqual([[3], [0, 0, 0]])
    expect(config).toEqual({ model_type: 'llama', attention_bias: true, mlp_bias: true })
  })

  it('of full parameters are W + D', () => {
    expect(merged('full').tensors['layers.0.q_proj.weight']).toEqual([
      [2, 3],
      [2, 3, 4, 5, 6, 7],
    ])
  })
})
