import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHUNK_BYTES, hashBytes, type MessageOf, sliceChunk, type WorkerMessage } from '@tessera/protocol'
import { type BlobHash, err, FedError, ok } from '@tessera/vocabulary'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createBlobCache } from './blob-cache.ts'
import { BlobDownloads, uploadBlob } from './blob-transfer.ts'
import type { CoordinatorLink } from './coordinator-link.ts'

/** Four chunks; no part repeats. */
const BLOB = Uint8Array.from({ length: 3 * CHUNK_BYTES + 1000 }, (_, at) => (Math.imul(at, 2654435761) >>> 13) & 0xff)
const HASH = hashBytes(BLOB)
const unreachable = new FedError('unreachable', 'the connection is down')

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tessera-blobs-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** A coordinator that holds `BLOB`, takes any other, and is out of reach once it has answered `budget` messages. */
function coordinator(blob = BLOB) {
  const state = { budget: Number.POSITIVE_INFINITY, heard: [] as WorkerMessage[], chunks: new Set<number>() }
  const answer = (message: WorkerMessage) => {
    if (message.type === 'offer-blob') {
      const missing = [0, 1, 2, 3].filter((index) => !state.chunks.has(index))
      return ok({ message: { type: 'wanted', hash: message.hash, missing }, body: new Uint8Array() })
    }
    if (message.type === 'store-chunk') {
      state.chunks.add(message.index)
      return ok({ message: { type: 'stored' }, body: new Uint8Array() })
    }
    const { hash, offset, length } = message as MessageOf<'fetch-blob'>
    if (hash !== HASH) return err(new FedError('unknown-blob', 'none'))
    if (offset >= blob.length) return err(new FedError('invalid-message', 'past the end'))
    return ok({ message: { type: 'chunk', size: blob.length }, body: blob.subarray(offset, offset + length) })
  }
  const link = {
    request: async (message: WorkerMessage) => {
      if (state.budget-- <= 0) return err(unreachable)
      state.heard.push(message)
      return answer(message)
    },
  } as unknown as CoordinatorLink
  const offsets = () => state.heard.flatMap((message) => (message.type === 'fetch-blob' ? [message.offset] : []))
  return { state, link, offsets }
}

/** What a process that starts in this folder downloads with. */
const downloads = (link: CoordinatorLink) => new BlobDownloads(link, createBlobCache(folder, 'ada'))
const partFile = (hash: BlobHash = HASH) => join(folder, `${hash}.ada.part`)

describe('a download', () => {
  it('goes on where a killed process left it: each of four chunks is asked for once', async () => {
    const { state, link, offsets } = coordinator()
    const progress: number[] = []
    for (const budget of [1, 0, 2]) {
      state.budget = budget
      await expect(downloads(link).fetch(HASH)).rejects.toBe(unreachable)
    }
    state.budget = Number.POSITIVE_INFINITY
    expect(Buffer.compare(await downloads(link).fetch(HASH, (done) => progress.push(done)), BLOB)).toBe(0)
    expect(offsets()).toEqual([0, 1, 2, 3].map((index) => index * CHUNK_BYTES))
    expect(progress).toEqual([BLOB.length])
    expect(await readdir(folder)).toEqual([HASH])
    await downloads(link).fetch(HASH)
    expect(offsets()).toHaveLength(4)
  })

  it('goes on in the middle of a chunk, and asks for nothing when the process died before the last rename', async () => {
    const { link, offsets } = coordinator()
    await writeFile(partFile(), BLOB.subarray(0, 2 * CHUNK_BYTES + 77))
    await downloads(link).fetch(HASH)
    expect(offsets()).toEqual([2 * CHUNK_BYTES + 77, 3 * CHUNK_BYTES + 77])
    await rm(join(folder, HASH))
    await writeFile(partFile(), BLOB)
    await downloads(link).fetch(HASH)
    expect(offsets()).toHaveLength(2)
  })

  it.each([
    ['altered', BLOB.map((byte, at) => (at === 5 ? byte ^ 1 : byte)).subarray(0, CHUNK_BYTES)],
    ['longer than the blob', new Uint8Array(BLOB.length + 1)],
  ])(
    'of which the kept part is %s fails with a retryable hash-mismatch and is whole the next time',
    async (_, part) => {
      const { link } = coordinator()
      await writeFile(partFile(), part)
      await expect(downloads(link).fetch(HASH)).rejects.toMatchObject({ code: 'hash-mismatch', retryable: true })
      expect(Buffer.compare(await downloads(link).fetch(HASH), BLOB)).toBe(0)
    },
  )

  it('of a blob that there is not leaves nothing behind', async () => {
    const { link } = coordinator()
    await expect(downloads(link).fetch(hashBytes(Uint8Array.of(9)))).rejects.toMatchObject({ code: 'unknown-blob' })
    expect(await readdir(folder)).toEqual([])
  })

  it('on a full disk fails with disk-full, which is retryable, and succeeds when there is room', async () => {
    const { link } = coordinator()
    await symlink('/dev/full', partFile())
    await expect(downloads(link).fetch(HASH)).rejects.toMatchObject({ code: 'disk-full', retryable: true })
    await rm(partFile())
    expect(Buffer.compare(await downloads(link).fetch(HASH), BLOB)).toBe(0)
  })

  it('is not taken from the cache where the file has changed', async () => {
    const { link, offsets } = coordinator()
    await writeFile(join(folder, HASH), BLOB.subarray(1))
    expect(Buffer.compare(await downloads(link).fetch(HASH), BLOB)).toBe(0)
    expect(offsets()).toHaveLength(4)
  })
})

describe('an upload', () => {
  it('sends each of four chunks once, whatever cut it short before', async () => {
    const { state, link } = coordinator()
    for (const budget of [2, 3]) {
      state.budget = budget // an offer, then one chunk; an offer, then two
      await expect(uploadBlob(link, HASH, BLOB)).rejects.toBe(unreachable)
    }
    state.budget = Number.POSITIVE_INFINITY
    await uploadBlob(link, HASH, BLOB)
    const sent = state.heard.flatMap((message) => (message.type === 'store-chunk' ? [message.index] : []))
    expect(sent).toEqual([0, 1, 2, 3])
    expect(sliceChunk(BLOB, 3)).toHaveLength(1000)
  })
})
