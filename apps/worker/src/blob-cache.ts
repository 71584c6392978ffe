import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type BlobHash, FedError } from '@tessera/vocabulary'
import { diskError } from './disk-error.ts'
import { writeWhole } from './whole-file.ts'

/** Blobs on the worker's disk, by their hash; what does not have its hash any more is not there. */
export interface BlobCache {
  read(hash: BlobHash): Promise<Uint8Array | null>
  /** A whole blob; its hash is the caller's word. @throws {FedError} `disk-full` */
  write(hash: BlobHash, bytes: Uint8Array): Promise<void>
  /** What is here of a blob that is on its way, also from before a restart. */
  begin(hash: BlobHash): Promise<GrowingBlob>
}

/** The first bytes of a blob, in a file that grows at its end: whatever cuts it short, its length says what is missing. */
export interface GrowingBlob {
  readonly length: number
  /** Whether these bytes have the blob's hash. */
  isWhole(): boolean
  /** @throws {FedError} `disk-full` */
  append(bytes: Uint8Array): Promise<void>
  /** Make it a blob of the cache. @throws {FedError} `hash-mismatch`, after which everything is missing again. */
  finish(): Promise<void>
  /** Forget what is here. */
  discard(): Promise<void>
  close(): Promise<void>
}

/** @param owner Tells the growing files of this worker from those of the others who share the folder. */
export function createBlobCache(folder: string, owner: string): BlobCache {
  const pathOf = (hash: BlobHash): string => join(folder, hash)
  return {
    read: (hash) => readVerified(pathOf(hash), hash),
    async write(hash, bytes) {
      await mkdir(folder, { recursive: true })
      const own = `${pathOf(hash)}.${owner}`
      await writeWhole(own, [bytes])
      await rename(own, pathOf(hash))
    },
    async begin(hash) {
      await mkdir(folder, { recursive: true })
      return growingBlob(`${pathOf(hash)}.${owner}.part`, pathOf(hash), hash)
    },
  }
}

/** Largest stretch that is read at once. */
const STRETCH_BYTES = 2 ** 24

async function readVerified(path: string, hash: BlobHash): Promise<Uint8Array | null> {
  const file = await open(path).catch(() => null)
  if (file === null) return null
  try {
    const bytes = new Uint8Array((await file.stat()).size)
    const digest = createHash('sha256')
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, at, Math.min(STRETCH_BYTES, bytes.length - at), at)
      if (bytesRead === 0) return null
      digest.update(bytes.subarray(at, at + bytesRead))
      at += bytesRead
    }
    return digest.digest('hex') === hash ? bytes : null
  } catch {
    return null // a blob that can not be read is fetched again
  } finally {
    await file.close()
  }
}

async function growingBlob(path: string, wholePath: string, hash: BlobHash): Promise<GrowingBlob> {
  const file = await open(path, 'a').catch((error: unknown) => {
    throw diskError(error)
  })
  let { size: length } = await file.stat()
  const digest = createHash('sha256')
  if (length > 0) for await (const bytes of createReadStream(path, { end: length - 1 })) digest.update(bytes as Buffer)
  const isWhole = (): boolean => digest.copy().digest('hex') === hash
  const discard = () => rm(path, { force: true })
  return {
    get length() {
      return length
    },
    isWhole,
    async append(bytes) {
      await appendAll(file, bytes)
      digest.update(bytes)
      length += bytes.length
    },
    async finish() {
      if (isWhole()) return rename(path, wholePath)
      await discard()
      throw new FedError('hash-mismatch', `the bytes fetched for the blob ${hash} have another hash`)
    },
    discard,
    close: () => file.close(),
  }
}

async function appendAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  try {
    await file.appendFile(bytes)
  } catch (error) {
    throw diskError(error)
  }
}
