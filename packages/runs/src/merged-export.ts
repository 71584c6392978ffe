import { type AdapterLayout, type FactorSet, mergedLayer, siteFactors, unflatten } from '@tessera/adapters'
import { type BaseChange, changedWeight } from '@tessera/federation'
import { type BaseModel, otherWeights, type SafetensorsTensor, writeSafetensors } from '@tessera/models'
import type { Coordinates, Site } from '@tessera/vocabulary'
import { baseWeights } from './base-weights.ts'

/** A base model with its adapter merged, as a folder that needs no adapter. */
export interface MergedModel {
  readonly files: Readonly<Record<'config.json' | 'model.safetensors', Uint8Array>>
}

export interface MergeSource {
  readonly model: BaseModel
  /** The base model's config.json. */
  readonly config: Uint8Array
  readonly layout: AdapterLayout
  readonly frozen: FactorSet
  readonly coordinates: Coordinates
  /** What the run's rounds have added to the base weights. */
  readonly baseChange?: readonly BaseChange[]
}

type Tensors = Record<string, SafetensorsTensor>

/**
 * The base model's checkpoint with W' = W + ΔW in place of every adapted weight, in float32, under the base's names: the
 * export of methods whose ΔW has no LoRA form. Where a method has biases every linear layer gets one, zero where the
 * method has none, since a Llama configuration switches them on for all layers of a kind.
 */
export function exportMerged(source: MergeSource): MergedModel {
  const { model, config, layout, frozen, coordinates, baseChange = [] } = source
  const factors = { ...frozen, ...unflatten(layout, coordinates) }
  const tensors: Tensors = {}
  for (const [name, { shape, data }] of Object.entries(model.parameters)) tensors[name] = float32(shape, data)
  const biases: Tensors = {}
  for (const entry of layout.sites) {
    const { name, outDim } = entry.site
    const weight = changedWeight(entry.site, baseWeights(model)(entry.site), baseChange)
    const merged = mergedLayer({ ...entry, weight, factors: siteFactors(entry, factors) })
    tensors[`${name}.weight`] = { ...tensors[`${name}.weight`], data: Float32Array.from(merged.weight.data) }
    if (merged.bias !== null) biases[`${name}.bias`] = float32([outDim], Float32Array.from(merged.bias.data))
  }
  const biased = Object.keys(biases).length > 0
  const all = biased ? { ...tensors, ...zeroBiases(model.architecture.sites(model.config)), ...biases } : tensors
  return {
    files: {
      'config.json': biased ? withBiases(config) : config,
      'model.safetensors': writeSafetensors(all, { format: 'pt', ...adaptedOf(source) }),
    },
  }
}

/** What the file has to say of itself where more than linear layers is adapted: all other weights are the base model's. */
function adaptedOf({ model, layout }: MergeSource): Readonly<Record<string, string>> {
  const names = layout.sites.map(({ site }) => site.name)
  const others = new Set(otherWeights(model).map(({ name }) => name))
  return names.some((name) => others.has(name)) ? { adapted: names.join(' ') } : {}
}

const float32 = (shape: readonly number[], data: Float32Array): SafetensorsTensor => ({ dtype: 'F32', shape, data })

const zeroBiases = (sites: readonly Site[]): Tensors =>
  Object.fromEntries(sites.map(({ name, outDim }) => [`${name}.bias`, float32([outDim], new Float32Array(outDim))]))

function withBiases(config: Uint8Array): Uint8Array {
  const settings = JSON.parse(new TextDecoder().decode(config))
  return new TextEncoder().encode(`${JSON.stringify({ ...settings, attention_bias: true, mlp_bias: true }, null, 2)}\n`)
}
