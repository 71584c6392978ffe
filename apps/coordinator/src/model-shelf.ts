import { createHash } from 'node:crypto'
import { access, readFile } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import type { ModelFile } from '@tessera/federation'
import { BASE_MODEL_FILES, type BaseModel, loadBaseModel } from '@tessera/models'
import { type BlobHash, blobHash, FedError, unwrap } from '@tessera/vocabulary'

export interface ShelvedModel {
  /** Where it is, an absolute path. */
  readonly folder: string
  readonly model: BaseModel
  readonly files: readonly ModelFile[]
}

/** The base models on the coordinator's disk: loaded once, named by the hashes of their files, served as blobs. */
export class ModelShelf {
  readonly #models = new Map<string, Promise<ShelvedModel>>()
  readonly #blobs = new Map<BlobHash, Uint8Array>()

  readonly #places: readonly string[]

  /** @param places Folders in which a model of a relative path is looked for, in this order. */
  constructor(places: readonly string[]) {
    this.#places = places
  }

  /** @throws {FedError} `file-not-found`, `missing-weights`, `invalid-model`, `unknown-architecture`, `corrupt-safetensors`. */
  async load(path: string): Promise<ShelvedModel> {
    const folder = await this.#find(path)
    const loading = this.#models.get(folder) ?? this.#read(folder)
    this.#models.set(folder, loading)
    loading.catch(() => this.#models.delete(folder))
    return loading
  }

  /** A run's model must still be the one that the run was made with. @throws {FedError} `hash-mismatch` */
  async loadFor(folder: string, files: readonly ModelFile[]): Promise<BaseModel> {
    const shelved = await this.load(folder)
    const changed = files.find(({ path, hash }) => shelved.files.find((file) => file.path === path)?.hash !== hash)
    if (changed === undefined) return shelved.model
    throw new FedError('hash-mismatch', `${changed.path} of the base model is not what it was when the run began`, {
      fix: 'Put the old file back; a new model is a new run.',
    })
  }

  readBlob(hash: BlobHash): Uint8Array | null {
    return this.#blobs.get(hash) ?? null
  }

  async #find(path: string): Promise<string> {
    const folders = isAbsolute(path) ? [path] : this.#places.map((place) => resolve(place, path))
    for (const folder of folders) if (await isThere(folder)) return folder
    throw new FedError('file-not-found', `there is no model folder ${folders.join(' or ')}`, {
      fix: 'The path of a model is a path at the coordinator.',
    })
  }

  async #read(folder: string): Promise<ShelvedModel> {
    const bytes = new Map<string, Uint8Array>()
    for (const file of BASE_MODEL_FILES) {
      const content = await readFile(join(folder, file)).catch(() => null)
      if (content !== null) bytes.set(file, content)
    }
    const model = unwrap(await loadBaseModel(async (file) => bytes.get(file)))
    const files = [...bytes].map(([path, content]) => {
      const hash = blobHash(createHash('sha256').update(content).digest('hex'))
      this.#blobs.set(hash, content)
      return { path, hash, size: content.length }
    })
    return { folder, model, files }
  }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
