import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BaseModel, loadBaseModel } from '@tessera/models'
import { type FrozenAdapter, importMerged, importPeft } from '@tessera/runs'
import { FedError, unwrap } from '@tessera/vocabulary'

/** @throws {FedError} `file-not-found`, or what is wrong with the folder: see `loadBaseModel`. */
export async function readBaseModel(folder: string): Promise<BaseModel> {
  await access(folder).catch((cause: unknown) => {
    throw new FedError('file-not-found', `there is no model folder ${folder}`, { cause, fix: 'Check --model.' })
  })
  return unwrap(await loadBaseModel(async (file) => readFile(join(folder, file)).catch(() => undefined)))
}

/** A PEFT adapter or merged weights of this model. @throws {FedError} `invalid-adapter` */
export async function readAdapter(folder: string, model: BaseModel): Promise<FrozenAdapter> {
  const merged = await readFile(join(folder, 'model.safetensors')).catch(() => null)
  if (merged !== null) return unwrap(importMerged(merged, model))
  const { architecture, config } = model
  const [configFile, weights] = await Promise.all(
    ['adapter_config.json', 'adapter_model.safetensors'].map((file) => readRequired(folder, file)),
  )
  return unwrap(importPeft({ config: configFile, weights }, architecture.sites(config)))
}

async function readRequired(folder: string, file: string): Promise<Uint8Array> {
  return readFile(join(folder, file)).catch((cause: unknown) => {
    throw new FedError('invalid-adapter', `the adapter folder ${folder} has no ${file}`, {
      cause,
      fix: 'Name a folder that `tessera export` or PEFT wrote.',
    })
  })
}
