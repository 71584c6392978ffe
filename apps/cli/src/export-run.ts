import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { BASE_MODEL_FILES } from '@tessera/models'
import { hashBytes } from '@tessera/protocol'
import { type ExportExactness, type ExportFormat, exportAdapter, type RunSpec } from '@tessera/runs'
import { type BlobHash, FedError } from '@tessera/vocabulary'
import type { ApiClient } from './api-client.ts'
import { openRunModel } from './run-model.ts'
import { verifiedBlob } from './verified-blob.ts'

const PROVENANCE = 'tessera.json'
const EXPORTED: ReadonlySet<string> = new Set([
  'adapter_config.json',
  'adapter_model.safetensors',
  ...BASE_MODEL_FILES,
  PROVENANCE,
])
const OTHER_FOLDER = 'Name a new folder with --out.'

export interface ExportedAdapter {
  readonly adapterDir: string
  readonly adapterHash: BlobHash
  readonly format: 'peft' | 'merged'
  /** Why it is this format. */
  readonly reason: string
  readonly round: number
  /** Of the LoRA adapter; null for merged weights. */
  readonly rank: number | null
  /** Of the LoRA adapter; null for merged weights. */
  readonly exactness: ExportExactness | null
}

export interface ExportTarget {
  readonly runId: string
  /** Folder to write. */
  readonly out: string
  /** `auto` when absent. */
  readonly format?: ExportFormat
  /** Folder of the run's base model; when absent it is looked for where the coordinator has it, then asked of it. */
  readonly model?: string | undefined
  /** Nothing is written after it was aborted. */
  readonly signal?: AbortSignal
}

/**
 * Fetch a run's last version and write it as a folder that other tools load. The folder appears whole or not at all.
 *
 * @throws {FedError} `run-not-finished` before the first version, `unknown-run`, `hash-mismatch`, `conflict`,
 * `not-exportable`: not in this format, or the base model that it takes is nowhere.
 */
export async function exportRun(client: ApiClient, target: ExportTarget): Promise<ExportedAdapter> {
  const { runId, out, format = 'auto', signal } = target
  const adapterDir = resolve(out)
  await requireReplaceable(adapterDir)
  const record = await client.record(runId)
  if (record.factors === null || record.coordinates === null) {
    throw new FedError('run-not-finished', `run ${runId} has no adapter yet: it is ${record.phase}`, {
      fix: `Wait for its first round: tessera runs watch ${runId}`,
    })
  }
  const { factors, coordinates, baseChange } = record
  const stored = {
    setting: record,
    artefact: await verifiedBlob(client, factors),
    coordinates: await verifiedBlob(client, coordinates),
    baseChange: baseChange ? await verifiedBlob(client, baseChange) : null,
  }
  const { files, weights, reason, ...exported } = await exportAdapter(stored, {
    format,
    baseModel: basename((record.spec as RunSpec).model),
    openBase: () => openRunModel(record, target.model, client),
  })
  const adapterHash = hashBytes(weights)
  const exactness = exported.format === 'peft' ? exported.exactness : null
  const provenance = {
    run: runId,
    round: record.round,
    method: record.spec.adapter.method,
    format: exported.format,
    factors,
    coordinates,
    ...(baseChange && { baseChange }),
    baseModel: record.model,
    adapterHash,
    ...(exactness && { exactness }),
  }
  signal?.throwIfAborted()
  await writeWhole(adapterDir, { ...files, [PROVENANCE]: `${JSON.stringify(provenance, null, 2)}\n` }, signal)
  const rank = exported.format === 'peft' ? exported.rank : null
  return { adapterDir, adapterHash, format: exported.format, reason, round: record.round, rank, exactness }
}

/** @throws {FedError} `conflict`: what has this name is no adapter of ours, and not ours to replace. */
async function requireReplaceable(folder: string): Promise<void> {
  const held: readonly string[] = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new FedError('conflict', `${folder} is no folder that can be written`, { cause: error, fix: OTHER_FOLDER })
  })
  const ours = held.includes(PROVENANCE) && held.every((name) => EXPORTED.has(name))
  if (ours || held.length === 0) return
  throw new FedError('conflict', `the folder ${folder} holds other files`, { fix: OTHER_FOLDER })
}

/** The files are written beside the folder's place; two renames put them there. */
async function writeWhole(
  folder: string,
  files: Readonly<Record<string, Uint8Array | string>>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const beside = (suffix: string) => join(dirname(folder), `.${basename(folder)}.${process.pid}.${suffix}`)
  const [fresh, old] = [beside('new'), beside('old')]
  try {
    await mkdir(fresh, { recursive: true })
    for (const [name, content] of Object.entries(files)) await writeFile(join(fresh, name), content)
    signal?.throwIfAborted()
    await rename(folder, old).catch(() => {}) // there may be none
    await rename(fresh, folder).catch(async (error: unknown) => {
      await rename(old, folder).catch(() => {})
      throw error
    })
    await rm(old, { recursive: true, force: true })
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}
