import { createHash } from 'node:crypto'
import type { Prisma, PrismaClient } from '@prisma/client'
import { chunkCount, chunkRange, hasChunk } from '@tessera/protocol'
import { type BlobHash, err, FedError, ok, type Result } from '@tessera/vocabulary'
import type { BlobPlace } from '../socket/gateway-store.ts'
import { claimBlob } from './blob-rows.ts'
import type { FencedTransactions } from './fenced-transactions.ts'

type Outcome = Result<{ complete: boolean }, FedError>

/**
 * Indexes of the chunks of a blob that are not here, ascending, at most `limit`. A blob arrives in chunks, in any order,
 * over as many connections and restarts as it takes.
 */
export async function missingChunks(client: PrismaClient, { hash, size }: BlobPlace, limit: number): Promise<number[]> {
  const blob = await client.blob.findUnique({ where: { hash } })
  if (blob?.complete) return []
  const usable = blob !== null && Number(blob.size) === size
  const rows = usable ? await client.blobChunk.findMany({ where: { hash }, select: { index: true } }) : []
  const here = new Set(rows.map(({ index }) => index))
  const missing: number[] = []
  for (let index = 0; index < chunkCount(size) && missing.length < limit; index++) {
    if (!here.has(index)) missing.push(index)
  }
  return missing
}

/**
 * Store one chunk; one that is here already is ignored. The last one to arrive makes the blob complete.
 * Errors: 'invalid-message' for a chunk that the blob can not have; 'hash-mismatch' for a whole of another hash, after
 * which everything is missing again, because nobody can tell which chunk was wrong.
 */
export async function storeChunk(
  { together }: FencedTransactions,
  { hash, size }: BlobPlace,
  { index, bytes }: { index: number; bytes: Uint8Array },
): Promise<Outcome> {
  if (!hasChunk(size, index)) return invalid(`a blob of ${size} bytes has no chunk ${index}`)
  const { length } = chunkRange(size, index)
  if (bytes.length !== length) return invalid(`chunk ${index} has ${length} bytes, got ${bytes.length}`)
  return together((tx) => putChunk(tx, { hash, size }, { index, bytes }))
}

/** The blob's row is claimed first, so that of two last chunks the later one sees the other. */
async function putChunk(
  tx: Prisma.TransactionClient,
  { hash, size }: BlobPlace,
  { index, bytes }: { index: number; bytes: Uint8Array },
): Promise<Outcome> {
  const blob = await claimBlob(tx, { hash, size })
  if (blob.complete) return ok({ complete: true })
  if (Number(blob.size) !== size) await begin(tx, hash, size)
  await tx.blobChunk.createMany({ data: { hash, index, bytes: Uint8Array.from(bytes) }, skipDuplicates: true })
  if ((await tx.blobChunk.count({ where: { hash } })) < chunkCount(size)) return ok({ complete: false })
  return finish(tx, hash, chunkCount(size))
}

/** The name is what counts: whoever offered it with another size has sent nothing of it. */
async function begin(tx: Prisma.TransactionClient, hash: BlobHash, size: number): Promise<void> {
  await tx.blobChunk.deleteMany({ where: { hash } })
  await tx.blob.update({ where: { hash }, data: { size: BigInt(size) } })
}

async function finish(tx: Prisma.TransactionClient, hash: BlobHash, count: number): Promise<Outcome> {
  const digest = createHash('sha256')
  for (let index = 0; index < count; index++) {
    const { bytes } = await tx.blobChunk.findUniqueOrThrow({ where: { hash_index: { hash, index } } })
    digest.update(bytes)
  }
  const actual = digest.digest('hex')
  if (actual === hash) {
    await tx.blob.update({ where: { hash }, data: { complete: true } })
    return ok({ complete: true })
  }
  await tx.blob.delete({ where: { hash } })
  const message = `the chunks of the blob ${hash} have the hash ${actual}`
  return err(new FedError('hash-mismatch', message, { fix: 'Send it again.' }))
}

const invalid = (message: string): Outcome => err(new FedError('invalid-message', message))
