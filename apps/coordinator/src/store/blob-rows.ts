import type { Prisma } from '@prisma/client'
import type { Blob } from '@tessera/federation'
import { CHUNK_BYTES } from '@tessera/protocol'
import type { BlobHash } from '@tessera/vocabulary'
import { fromChunks, inChunks } from './chunk-rows.ts'

type Rows = Pick<Prisma.TransactionClient, 'blob' | 'blobChunk' | 'runBlob'>

/** The row of a blob, made where there is none, and ours to the end of the transaction. */
export async function claimBlob(tx: Rows, { hash, size }: { hash: string; size: number }) {
  for (;;) {
    await tx.blob.createMany({ data: { hash, size, complete: false }, skipDuplicates: true })
    const { count } = await tx.blob.updateMany({ where: { hash }, data: { touchedAt: new Date() } })
    if (count === 1) return tx.blob.findUniqueOrThrow({ where: { hash } })
  }
}

/**
 * Store a whole blob as one that the run made. One that is here stays as it is; what a worker had uploaded of it so far
 * is replaced.
 */
export async function storeBlob(tx: Rows, runId: string, { hash, bytes }: Blob): Promise<void> {
  const { complete } = await claimBlob(tx, { hash, size: bytes.length })
  if (!complete) {
    await tx.blobChunk.deleteMany({ where: { hash } })
    await inChunks(bytes, (rows) => tx.blobChunk.createMany({ data: rows.map((row) => ({ hash, ...row })) }))
    await tx.blob.update({ where: { hash }, data: { size: bytes.length, complete: true } })
  }
  await tx.runBlob.createMany({ data: { runId, hash }, skipDuplicates: true })
}

/** What a worker uploaded goes, unless a run made the same: its bytes are kept elsewhere now. */
export async function dropUpload(tx: Prisma.TransactionClient, hash: string): Promise<void> {
  const found: readonly unknown[] = await tx.$queryRaw`SELECT 1 FROM "Blob" WHERE "hash" = ${hash} FOR UPDATE`
  if (found.length > 0) await tx.blob.deleteMany({ where: { hash, runs: { none: {} } } })
}

/** A whole blob; null when there is no complete one of that name. */
export async function readBlob(db: Rows, hash: BlobHash): Promise<Uint8Array | null> {
  const size = await sizeOf(db, hash)
  if (size === null) return null
  return fromChunks(size, (index) => db.blobChunk.findMany({ where: { hash, index }, orderBy: { index: 'asc' } }))
}

/** Part of a complete blob, from as few chunks as hold it; null when there is no complete blob of that name. */
export async function readBlobRange(
  db: Rows,
  hash: string,
  { offset, length }: { offset: number; length: number },
): Promise<{ size: number; bytes: Uint8Array } | null> {
  const size = await sizeOf(db, hash)
  if (size === null) return null
  const end = Math.min(size, offset + length)
  if (offset >= end) return { size, bytes: new Uint8Array() }
  const first = Math.floor(offset / CHUNK_BYTES)
  const chunks = await db.blobChunk.findMany({
    where: { hash, index: { gte: first, lte: Math.floor((end - 1) / CHUNK_BYTES) } },
    orderBy: { index: 'asc' },
    select: { bytes: true },
  })
  const start = first * CHUNK_BYTES
  return { size, bytes: Buffer.concat(chunks.map(({ bytes }) => bytes)).subarray(offset - start, end - start) }
}

/** Remove blobs, a statement for each: however many there are, each is done in time. @returns How many there were. */
export async function removeBlobs(tx: Rows, where: Prisma.BlobWhereInput): Promise<number> {
  const blobs = await tx.blob.findMany({ where, select: { hash: true } })
  for (const { hash } of blobs) await tx.blob.delete({ where: { hash } })
  return blobs.length
}

async function sizeOf(db: Rows, hash: string): Promise<number | null> {
  const blob = await db.blob.findUnique({ where: { hash }, select: { size: true, complete: true } })
  return blob?.complete ? Number(blob.size) : null
}
