/**
 * Adapters of one method of every family, the same wherever they are made, on the query and down projections.
 * `npx tsx test/parity/exported-methods.ts FOLDER` writes the export of each, for make_exports_golden.py to load, with the
 * logits that the adapter has here.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { adapterMethods, createLayout, derivedFactors, factorKey, flatten, frozenFactors } from '@tessera/adapters'
import { createRandomStream, fromFloat32, leadingColumns, randomizedSvd, toFloat32, transpose } from '@tessera/math'
import type { BaseModel } from '@tessera/models'
import { baseWeights, exportMerged, exportPeft, hasLoraPair } from '@tessera/runs'
import { type Site, unwrap } from '@tessera/vocabulary'
import { adaptedLinear } from '../../packages/trainer/src/adapted-linear.ts'
import { type Adapted, lastLogits } from './last-logits.ts'
import { MODEL_FOLDER, readModel } from './peft-adapter.ts'

const SEED = 30

/** What the models are asked. */
const TEXT = 'Perl module to parse e-mail addresses\nEmail::Address implements a regex-based RFC 2822 parser.\nSection:'

/** Method, options, and how far its trained numbers go from their start. */
const FAMILIES: readonly (readonly [method: string, options: object, bound: number])[] = [
  ['lora-sb', { rank: 8 }, 0.5],
  ['svfit', { rank: 16 }, 0.5],
  ['mora', { rank: 8 }, 0.02],
  ['lora', { rank: 8 }, 0.05],
  ['vera', { rank: 16 }, 1],
  ['randlora', { rank: 32, trains: 'left' }, 0.008],
  ['ia3', {}, 0.3],
  ['ssf', {}, 0.2],
  ['bone', { rank: 16 }, 0.02],
  ['soka', { rank: 4 }, 0.05],
  ['hra', { rank: 8 }, 0.1],
  ['lift', { rank: 16 }, 0.1],
  ['full', {}, 0.02],
]

export interface ExportedMethod extends Adapted {
  readonly name: string
  readonly form: 'peft' | 'merged'
  readonly files: Readonly<Record<string, Uint8Array>>
}

const stream = (purpose: string, block: number) =>
  createRandomStream({ seed: SEED, purpose, round: 0, client: 0, block })

/** The bases of the base weight, for methods that start from some. */
function spectrumOf({ outDim, inDim }: Site, weight: Float32Array, rank: number) {
  const random = stream('spectrum', outDim)
  const { u, s, v } = randomizedSvd(fromFloat32(outDim, inDim, weight), { rank, random })
  const vT = toFloat32(transpose(leadingColumns(v, rank)))
  return { u: toFloat32(u), s: Float32Array.from(s), vT, start: 'zero' as const }
}

function adapt(model: BaseModel, [name, settings, bound]: (typeof FAMILIES)[number]): Adapted {
  const method = unwrap(adapterMethods.byName(name))
  const options = method.config.parse(settings) as never
  const sites = model.architecture.sites(model.config).filter((site) => /\.(q_proj|down_proj)$/.test(site.name))
  const layout = createLayout(method, options, sites)
  const weightOf = baseWeights(model)
  const rank = (options as { rank?: number }).rank ?? 1
  const start = sites.flatMap((site, block) => {
    const weight = weightOf(site)
    const spectrum = method.needs === 'spectrum' ? spectrumOf(site, weight, rank) : null
    const values = method.start({ site, spectrum, weight, random: stream('start', block) }, options)
    return Object.entries(values).map(([factor, data]) => [factorKey(site.name, factor), data] as const)
  })
  const factors = { ...derivedFactors(layout, { seed: SEED, weightOf }), ...Object.fromEntries(start) }
  const moved = new Float32Array(layout.length)
  stream('moved', 0).fillUniform(moved, bound)
  const coordinates = flatten(layout, factors).map((value, at) => value + moved[at]!)
  return { layout, frozen: frozenFactors(layout, factors), coordinates }
}

/** Every family's adapter with the files that its export writes. */
export function exportedMethods(model: BaseModel, config: Uint8Array): ExportedMethod[] {
  return FAMILIES.map((family) => {
    const adapted = adapt(model, family)
    const small = adapted.layout.sites.every(({ site, adapter }) => hasLoraPair(site, adapter))
    const { files } = small
      ? exportPeft({ ...adapted, baseModel: 'tiny-debian-llama', weightOf: baseWeights(model) })
      : exportMerged({ ...adapted, model, config })
    return { name: family[0], form: small ? 'peft' : 'merged', files, ...adapted }
  })
}

export const readConfig = (): Promise<Uint8Array> => readFile(join(MODEL_FOLDER, 'config.json'))

const [, script, folder] = process.argv
if (script !== undefined && folder !== undefined && import.meta.url === pathToFileURL(script).href) {
  const model = await readModel()
  const ids = [model.tokenizer.endOfTextId, ...model.tokenizer.encode(TEXT)]
  for (const { name, form, files, ...adapted } of exportedMethods(model, await readConfig())) {
    const target = join(folder, form, name)
    await mkdir(target, { recursive: true })
    for (const [file, bytes] of Object.entries(files)) await writeFile(join(target, file), bytes)
    await writeFile(join(target, 'logits.bin'), await lastLogits(adapted, { model, ids, linearOf: adaptedLinear }))
  }
  await writeFile(join(folder, 'text.txt'), TEXT)
}
