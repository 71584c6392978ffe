import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ModelFile, RunRecord } from '@tessera/federation'
import { type BaseModelFile, loadBaseModel } from '@tessera/models'
import type { ModelFolder, RunSpec } from '@tessera/runs'
import { FedError, unwrap } from '@tessera/vocabulary'
import type { ApiClient } from './api-client.ts'
import { verifiedBlob } from './verified-blob.ts'

/**
 * The base model of a run: from the folder that is named, else from the one where the coordinator has it when that is on
 * this machine, else by its hashes from the coordinator.
 *
 * @throws {FedError} `file-not-found`, `hash-mismatch`: the folder that was named is not that model; `not-exportable`:
 * it is nowhere.
 */
export async function openRunModel(
  { spec, model: files }: Pick<RunRecord, 'spec' | 'model'>,
  named: string | undefined,
  client: Pick<ApiClient, 'blob'>,
): Promise<ModelFolder> {
  const folder = named ?? (spec as RunSpec).model
  const missing = await missingFile(folder, files)
  if (missing !== null && named !== undefined) throw missing
  const read = ({ path, hash }: ModelFile) =>
    missing === null ? readFile(join(folder, path)) : verifiedBlob(client, hash).catch(elsewhere)
  const contents: Partial<Record<BaseModelFile, Uint8Array>> = {}
  for (const file of files) contents[file.path as BaseModelFile] = await read(file)
  return { model: unwrap(await loadBaseModel(async (file) => contents[file])), files: contents }
}

function elsewhere(cause: unknown): never {
  if (!(cause instanceof FedError) || cause.code !== 'unknown-blob') throw cause
  throw new FedError('not-exportable', "this export takes the run's base model, which is not here", {
    cause,
    fix: 'Name its folder with --model.',
  })
}

/** The first of the model's files that the folder does not hold as the run had it. */
export async function missingFile(folder: string, files: readonly ModelFile[]): Promise<FedError | null> {
  for (const { path, hash } of files) {
    const file = join(folder, path)
    if (!(await isThere(file))) return new FedError('file-not-found', `there is no ${file}`, { fix: 'Check --model.' })
    const digest = createHash('sha256')
    await pipeline(createReadStream(file), digest)
    if (digest.digest('hex') === hash) continue
    return new FedError('hash-mismatch', `${file} is not the file that the run was made with`, {
      fix: 'Check --model.',
    })
  }
  return null
}

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )
