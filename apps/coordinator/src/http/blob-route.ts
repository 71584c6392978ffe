import { Readable } from 'node:stream'
import type { Store } from '@tessera/federation'
import { type BlobHash, blobHash, FedError } from '@tessera/vocabulary'
import type { FastifyInstance } from 'fastify'

/** Reads part of a blob; null where there is none. */
export type ReadBlobRange = Store['readBlobRange']

/** What is in memory of a download at one time. */
const PART_BYTES = 1024 * 1024

/**
 * `GET /api/blobs/:hash`: an artefact, named by its content and therefore unchangeable. It is read while it is sent, and
 * a download that broke off goes on with `Range: bytes=FROM-`.
 */
export function registerBlobs(app: FastifyInstance, readBlobRange: ReadBlobRange): void {
  app.get<{ Params: { hash: string } }>('/api/blobs/:hash', async ({ params, headers }, reply) => {
    const found = await sizeOf(params.hash, readBlobRange)
    if (found === null) throw new FedError('unknown-blob', 'There is no blob with this hash.')
    const { hash, size } = found
    const etag = `"${hash}"`
    reply.header('etag', etag).header('cache-control', 'private, max-age=31536000, immutable')
    if (headers['if-none-match'] === etag) return reply.code(304).send()
    const from = startOf(headers.range)
    reply.header('accept-ranges', 'bytes').header('content-length', size - Math.min(from, size))
    if (from >= size && from > 0) return reply.code(416).header('content-range', `bytes */${size}`).send()
    if (from > 0) reply.code(206).header('content-range', `bytes ${from}-${size - 1}/${size}`)
    reply.type('application/octet-stream').header('content-disposition', `attachment; filename="${hash}"`)
    return reply.send(Readable.from(partsOf(hash, { from, size }, readBlobRange), { objectMode: false }))
  })
}

async function sizeOf(
  name: string,
  readBlobRange: ReadBlobRange,
): Promise<{ readonly hash: BlobHash; readonly size: number } | null> {
  if (!/^[0-9a-f]{64}$/.test(name)) return null
  const hash = blobHash(name)
  const found = await readBlobRange(hash, { offset: 0, length: 0 })
  return found === null ? null : { hash, size: found.size }
}

async function* partsOf(
  hash: BlobHash,
  { from, size }: { from: number; size: number },
  readBlobRange: ReadBlobRange,
): AsyncIterable<Uint8Array> {
  for (let offset = from; offset < size; offset += PART_BYTES) {
    const length = Math.min(PART_BYTES, size - offset)
    const part = await readBlobRange(hash, { offset, length })
    if (part === null) throw new FedError('unknown-blob', `the blob ${hash} was removed while it was sent`)
    // The reader waits for as many bytes as it was told of: to break off is the only way to say that they are not there.
    if (part.bytes.length !== length) throw new FedError('internal', `the blob ${hash} is not stored whole`)
    yield part.bytes
  }
}

/** Where `bytes=FROM-` begins; what asks for anything else gets the whole, as HTTP allows. */
function startOf(range: string | undefined): number {
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0)
  return Number.isSafeInteger(from) ? from : 0
}
