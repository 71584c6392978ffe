import { type AdapterLayout, chainAdapter, type FactorSet, factorKey, layoutOf } from '@tessera/adapters'
import { readSafetensors, type SafetensorsTensor } from '@tessera/models'
import { err, FedError, ok, type Result, type Site } from '@tessera/vocabulary'
import { z } from 'zod'
import { loraKeys } from './peft-names.ts'

const peftConfig = z.looseObject({
  peft_type: z.literal('LORA'),
  r: z.int().positive(),
  lora_alpha: z.number(),
  use_rslora: z.boolean().default(false),
  rank_pattern: z.record(z.string(), z.number()).default({}),
  alpha_pattern: z.record(z.string(), z.number()).default({}),
})

/** An adapter that is applied as it is, without anything to train. */
export interface FrozenAdapter {
  readonly layout: AdapterLayout
  readonly frozen: FactorSet
}

export interface PeftFiles {
  /** adapter_config.json */
  readonly config: Uint8Array
  /** adapter_model.safetensors */
  readonly weights: Uint8Array
}

/** A PEFT LoRA adapter for the sites of a base model: W' = W + (alpha / r) lora_B lora_A. Errors: `invalid-adapter`. */
export function importPeft(files: PeftFiles, sites: readonly Site[]): Result<FrozenAdapter, FedError> {
  const config = parseConfig(files.config)
  if (!config.ok) return config
  const weights = readSafetensors(files.weights)
  if (!weights.ok) return weights
  const { tensors } = weights.value
  const adapted = sites.filter((site) => loraKeys(site).a in tensors || loraKeys(site).b in tensors)
  const known = new Set(adapted.flatMap((site) => Object.values(loraKeys(site))))
  const foreign = Object.keys(tensors).find((name) => !known.has(name))
  if (foreign !== undefined) return err(invalid(`the model has no layer for the tensor ${foreign}`))
  if (adapted.length === 0) return err(invalid('the adapter holds no factors of any layer'))
  const { r, lora_alpha: alpha, use_rslora: rooted } = config.value
  const wrong = adapted.find((site) => !fits(site, tensors, r))
  if (wrong !== undefined) {
    return err(invalid(`the factors of ${wrong.name} are not [${r}, ${wrong.inDim}] and [${wrong.outDim}, ${r}]`))
  }
  const scale = alpha / (rooted ? Math.sqrt(r) : r)
  const layout = layoutOf(
    adapted.map((site) => ({ site, adapter: chainAdapter({ scale, factors: loraFactors(site, r) }) })),
  )
  const frozen = adapted.flatMap((site) => [
    [factorKey(site.name, 'B'), tensors[loraKeys(site).b].data] as const,
    [factorKey(site.name, 'A'), tensors[loraKeys(site).a].data] as const,
  ])
  return ok({ layout, frozen: Object.fromEntries(frozen) })
}

const loraFactors = ({ outDim, inDim }: Site, r: number) => [
  { name: 'B', rows: outDim, cols: r, train: false as const },
  { name: 'A', rows: r, cols: inDim, train: false as const },
]

function fits(site: Site, tensors: Readonly<Record<string, SafetensorsTensor>>, r: number): boolean {
  const keys = loraKeys(site)
  return (
    String(tensors[keys.a]?.shape) === `${r},${site.inDim}` && String(tensors[keys.b]?.shape) === `${site.outDim},${r}`
  )
}

function parseConfig(bytes: Uint8Array): Result<z.infer<typeof peftConfig>, FedError> {
  try {
    const parsed = peftConfig.safeParse(JSON.parse(new TextDecoder().decode(bytes)))
    if (!parsed.success) return err(invalid(`adapter_config.json: ${z.prettifyError(parsed.error)}`))
    const { rank_pattern: ranks, alpha_pattern: alphas } = parsed.data
    if (Object.keys(ranks).length + Object.keys(alphas).length > 0) {
      return err(invalid('adapter_config.json: rank_pattern and alpha_pattern are not supported'))
    }
    return ok(parsed.data)
  } catch (cause) {
    return err(new FedError('invalid-adapter', 'adapter_config.json is not JSON', { cause }))
  }
}

const invalid = (message: string): FedError =>
  new FedError('invalid-adapter', message, { fix: 'Only PEFT LoRA adapters of this base model can be read.' })
