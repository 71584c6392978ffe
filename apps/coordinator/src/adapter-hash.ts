import type { RunRecord, Store } from '@tessera/federation'
import { hashBytes } from '@tessera/protocol'
import { exportAdapter, type ModelFolder, type RunSpec } from '@tessera/runs'
import { type BlobHash, FedError } from '@tessera/vocabulary'
import type { ModelShelf } from './model-shelf.ts'

export interface AdapterSources {
  readonly store: Pick<Store, 'readBlob'>
  readonly shelf: Pick<ModelShelf, 'loadFor' | 'readBlob'>
}

/** SHA-256 of the weights that an export of this version writes. @throws {FedError} those of the export, `unknown-blob` */
export async function adapterHash(
  record: RunRecord,
  version: { readonly factors: BlobHash; readonly coordinates: BlobHash; readonly baseChange?: BlobHash },
  { store, shelf }: AdapterSources,
): Promise<BlobHash> {
  const [artefact, coordinates, baseChange] = await Promise.all([
    store.readBlob(version.factors),
    store.readBlob(version.coordinates),
    version.baseChange ? store.readBlob(version.baseChange) : null,
  ])
  if (artefact === null || coordinates === null || (version.baseChange && baseChange === null))
    throw new FedError('unknown-blob', 'the store lacks a version of the run')
  const openBase = () => modelFolder(record, shelf)
  const stored = { setting: record, artefact, coordinates, baseChange }
  const { weights } = await exportAdapter(stored, { format: 'auto', baseModel: '', openBase })
  return hashBytes(weights)
}

async function modelFolder({ spec, model: files }: RunRecord, shelf: AdapterSources['shelf']): Promise<ModelFolder> {
  const model = await shelf.loadFor((spec as RunSpec).model, files)
  return { model, files: Object.fromEntries(files.map(({ path, hash }) => [path, shelf.readBlob(hash)])) }
}
