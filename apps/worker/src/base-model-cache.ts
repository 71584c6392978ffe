import type { ModelFile } from '@tessera/federation'
import { type BaseModel, loadBaseModel } from '@tessera/models'
import { unwrap } from '@tessera/vocabulary'
import type { BlobDownloads, TransferProgress } from './blob-transfer.ts'

/** Base models by the hashes of their files; the last one stays in memory. */
export class BaseModelCache {
  readonly #downloads: BlobDownloads
  #kept: { readonly key: string; readonly model: BaseModel } | null = null

  constructor(downloads: BlobDownloads) {
    this.#downloads = downloads
  }

  /** @throws {FedError} `unreachable` and others that pass, or what is wrong with the model. */
  async load(files: readonly ModelFile[], onProgress?: TransferProgress): Promise<BaseModel> {
    const key = files.map(({ path, hash }) => `${path}:${hash}`).join(' ')
    if (this.#kept?.key === key) return this.#kept.model
    this.#kept = null // two models may be more than the memory holds
    const hashes = new Map(files.map(({ path, hash }) => [path, hash]))
    const model = unwrap(
      await loadBaseModel(async (file) => {
        const hash = hashes.get(file)
        return hash && this.#downloads.fetch(hash, onProgress)
      }),
    )
    this.#kept = { key, model }
    return model
  }
}
