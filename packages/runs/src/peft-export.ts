import { type AdapterLayout, type FactorSet, siteFactors, unflatten } from '@tessera/adapters'
import type { BaseChange } from '@tessera/federation'
import { writeSafetensors } from '@tessera/models'
import { type Coordinates, FedError, type Site } from '@tessera/vocabulary'
import { type LoraPair, loraPair } from './lora-pair.ts'
import { loraKeys } from './peft-names.ts'
import { stackedPair } from './stacked-pair.ts'

/** An adapter as PEFT's LoRA reads it. */
export interface PeftAdapter {
  readonly files: Readonly<Record<'adapter_config.json' | 'adapter_model.safetensors', Uint8Array>>
  /** Of every layer: smaller ones are filled up with zeros. */
  readonly rank: number
  readonly exactness: ExportExactness
}

/** How far the exported product lies from the trained one, both in float64 over the stored float32 factors. */
export interface ExportExactness {
  /** max |ΔW − scale · lora_B lora_A| over all sites. */
  readonly maxDifference: number
  /** The same, divided by max |ΔW|; 0 for an adapter that changes nothing. */
  readonly relative: number
}

type WeightOf = (site: Site) => Float32Array

export interface ExportSource {
  readonly layout: AdapterLayout
  readonly frozen: FactorSet
  readonly coordinates: Coordinates
  /** What `base_model_name_or_path` shall say. */
  readonly baseModel: string
  /** What the run's rounds have added to the base weights. */
  readonly baseChange?: readonly BaseChange[]
  /** Base weights; null does for methods whose ΔW is a product of factors. */
  readonly weightOf: WeightOf | null
}

/**
 * A PEFT LoRA adapter of W + ΔW with alpha = r, so that PEFT's scale alpha / r is 1. A product of factors, scale · B R A,
 * becomes lora_B = scale · B R and lora_A = A, the whole R with its start, since ΔW is relative to the pristine base; any
 * other ΔW of known small rank becomes its SVD. What the rounds have added to the base weights is stacked beside it.
 *
 * @throws {FedError} `not-exportable`: ΔW has no such form at some layer; `invalid-argument`: it depends on base weights
 * that were not given.
 */
export function exportPeft(source: ExportSource): PeftAdapter {
  const { layout, frozen, coordinates, baseModel, weightOf, baseChange = [] } = source
  const factors = { ...frozen, ...unflatten(layout, coordinates) }
  const pairs = layout.sites.map((entry) => {
    const own = loraPair({ ...entry, factors: siteFactors(entry, factors), weight: baseWeight(entry, weightOf) })
    return { site: entry.site, pair: stackedPair(entry.site, own, baseChange) }
  })
  const rank = Math.max(...pairs.map(({ pair }) => pair.rank))
  const tensors = pairs.flatMap(({ site, pair }) => {
    const keys = loraKeys(site)
    const { a, b } = padded(pair, rank)
    return [
      [keys.a, { dtype: 'F32', shape: [rank, site.inDim], data: a }] as const,
      [keys.b, { dtype: 'F32', shape: [site.outDim, rank], data: b }] as const,
    ]
  })
  const largest = Math.max(...pairs.map(({ pair }) => pair.largest))
  const maxDifference = Math.max(...pairs.map(({ pair }) => pair.difference))
  return {
    files: {
      'adapter_config.json': new TextEncoder().encode(configJson(layout, rank, baseModel)),
      'adapter_model.safetensors': writeSafetensors(Object.fromEntries(tensors), { format: 'pt' }),
    },
    rank,
    exactness: { maxDifference, relative: largest === 0 ? 0 : maxDifference / largest },
  }
}

/** A chain is exported without its base weight, any other adapter not. */
function baseWeight({ site, adapter }: AdapterLayout['sites'][number], weightOf: WeightOf | null): Float32Array {
  if (weightOf !== null) return weightOf(site)
  if (adapter.chain !== null) return new Float32Array(0)
  throw new FedError('invalid-argument', `the weight change at ${site.name} can not be told without its base weight`, {
    fix: 'Give the base model.',
  })
}

/** vLLM wants one rank everywhere: a smaller one is filled up with zeros, rows of A and columns of B. */
function padded({ rank, b, a }: LoraPair, to: number): Pick<LoraPair, 'b' | 'a'> {
  if (rank === to) return { b, a }
  const wide = new Float32Array((b.length / rank) * to)
  for (let row = 0; row * rank < b.length; row++) wide.set(b.subarray(row * rank, (row + 1) * rank), row * to)
  const tall = new Float32Array((a.length / rank) * to)
  tall.set(a)
  return { b: wide, a: tall }
}

function configJson(layout: AdapterLayout, rank: number, baseModel: string): string {
  const targets = new Set(layout.sites.map(({ site }) => site.name.slice(site.name.lastIndexOf('.') + 1)))
  const config = {
    alpha_pattern: {},
    base_model_name_or_path: baseModel,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: rank,
    lora_dropout: 0,
    modules_to_save: null,
    peft_type: 'LORA',
    r: rank,
    rank_pattern: {},
    target_modules: [...targets].sort(),
    task_type: 'CAUSAL_LM',
    use_rslora: false,
  }
  return `${JSON.stringify(config, null, 2)}\n`
}
