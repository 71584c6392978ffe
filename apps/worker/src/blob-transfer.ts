import { CHUNK_BYTES, chunkCount, MAX_INLINE_BYTES, sliceChunk } from '@tessera/protocol'
import { type BlobHash, FedError, unwrap } from '@tessera/vocabulary'
import type { BlobCache, GrowingBlob } from './blob-cache.ts'
import type { CoordinatorLink } from './coordinator-link.ts'

/** What a blob on its way is doing, in bytes. */
export type TransferProgress = (done: number, of: number) => void

/** Fetches blobs chunk by chunk to the disk. What is there already, also from before a restart, is not fetched again. */
export class BlobDownloads {
  readonly #link: CoordinatorLink
  readonly #cache: BlobCache

  constructor(link: CoordinatorLink, cache: BlobCache) {
    this.#link = link
    this.#cache = cache
  }

  /** @throws {FedError} `unknown-blob`, or one that passes: `unreachable`, `hash-mismatch`, `disk-full`. */
  async fetch(hash: BlobHash, onProgress?: TransferProgress): Promise<Uint8Array> {
    const cached = await this.#cache.read(hash)
    if (cached !== null) return cached
    const blob = await this.#cache.begin(hash)
    try {
      await this.#complete(hash, blob, onProgress)
    } finally {
      await blob.close()
    }
    const bytes = await this.#cache.read(hash)
    if (bytes === null) throw new FedError('hash-mismatch', `the disk does not give back the blob ${hash} as it was`)
    return bytes
  }

  /** A blob that is here already; null when it is not. */
  held(hash: BlobHash): Promise<Uint8Array | null> {
    return this.#cache.read(hash)
  }

  /** A blob that was made here and need not be fetched. @throws {FedError} `disk-full` */
  keep(hash: BlobHash, bytes: Uint8Array): Promise<void> {
    return this.#cache.write(hash, bytes)
  }

  async #complete(hash: BlobHash, blob: GrowingBlob, onProgress?: TransferProgress): Promise<void> {
    let size = Number.POSITIVE_INFINITY
    while (blob.length < size && !blob.isWhole()) {
      const request = { type: 'fetch-blob', hash, offset: blob.length, length: CHUNK_BYTES } as const
      const answer = await this.#link.request(request)
      if (!answer.ok) throw await refused(answer.error, blob)
      size = answer.value.message.size
      await blob.append(answer.value.body)
      onProgress?.(blob.length, size)
    }
    await blob.finish()
  }
}

/** What is here of a blob that is refused for good serves nothing; where it is longer than the blob, it was never of it. */
async function refused(error: FedError, blob: GrowingBlob): Promise<FedError> {
  if (error.retryable) return error
  await blob.discard()
  if (error.code !== 'invalid-message' || blob.length === 0) return error
  return new FedError('hash-mismatch', 'what was kept of a blob was no part of it', { cause: error })
}

/** Does an update of so many bytes travel as a blob of its own? */
export const travelsAsBlob = (bytes: Uint8Array): boolean => bytes.length > MAX_INLINE_BYTES

/** Upload a blob; only what the coordinator misses is sent. @throws {FedError} `unreachable` and others that pass. */
export async function uploadBlob(link: CoordinatorLink, hash: BlobHash, bytes: Uint8Array): Promise<void> {
  const size = bytes.length
  for (let offers = 0; offers <= chunkCount(size); offers++) {
    const { missing } = unwrap(await link.request({ type: 'offer-blob', hash, size })).message
    if (missing.length === 0) return
    for (const index of missing)
      unwrap(await link.request({ type: 'store-chunk', hash, size, index }, sliceChunk(bytes, index)))
  }
  throw new FedError('hash-mismatch', 'the coordinator keeps asking for chunks that it was sent')
}
