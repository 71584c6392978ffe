/**
 * An adapter that is the same wherever it is made: LoRA-SB of rank 8 on every linear layer, all factors drawn from one
 * seed. `npx tsx test/parity/peft-adapter.ts FOLDER` writes its PEFT export, for make_peft_golden.py to load.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type AdapterLayout, adapterMethods, createLayout, type FactorSet, factorKey } from '@tessera/adapters'
import { createRandomStream } from '@tessera/math'
import { type BaseModel, loadBaseModel } from '@tessera/models'
import { exportPeft, type PeftAdapter } from '@tessera/runs'
import { unwrap } from '@tessera/vocabulary'

const SEED = 20
const RANK = 8
/** |B|, |A| and |R| stay below these, so that ΔW changes every logit and no layer breaks down. */
const BOUND = { B: 0.1, R: 0.5, A: 0.1 }

export const MODEL_FOLDER = join(import.meta.dirname, '..', '..', 'models', 'tiny-debian-llama')

export interface SeededAdapter {
  readonly layout: AdapterLayout
  readonly frozen: FactorSet
  readonly coordinates: Float32Array
  readonly exported: PeftAdapter
}

export const readModel = async (): Promise<BaseModel> =>
  unwrap(await loadBaseModel((file) => readFile(join(MODEL_FOLDER, file))))

export function seededAdapter({ architecture, config }: BaseModel): SeededAdapter {
  const method = unwrap(adapterMethods.byName('lora-sb'))
  const layout = createLayout(method, { rank: RANK, initialStep: 0 }, architecture.sites(config))
  const draw = (length: number, bound: number, at: { round: number; block: number }): Float32Array => {
    const values = new Float32Array(length)
    createRandomStream({ seed: SEED, purpose: 'peft parity', client: 0, ...at }).fillUniform(values, bound)
    return values
  }
  const frozen = layout.sites.flatMap(({ site: { name, outDim, inDim } }, block) => [
    [factorKey(name, 'B'), draw(outDim * RANK, BOUND.B, { round: 0, block })] as const,
    [factorKey(name, 'A'), draw(RANK * inDim, BOUND.A, { round: 1, block })] as const,
  ])
  const coordinates = draw(layout.length, BOUND.R, { round: 2, block: 0 })
  const source = { layout, frozen: Object.fromEntries(frozen), coordinates }
  return { ...source, exported: exportPeft({ ...source, baseModel: 'tiny-debian-llama', weightOf: null }) }
}

const [, script, folder] = process.argv
if (script !== undefined && folder !== undefined && import.meta.url === pathToFileURL(script).href) {
  const { files } = seededAdapter(await readModel()).exported
  await mkdir(folder, { recursive: true })
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes)
}
