import type { Prisma, PrismaClient } from '@prisma/client'
import type { StageName, StoredUpdate } from '@tessera/federation'
import { assignmentId, blobHash, clientId, FedError, type RunId } from '@tessera/vocabulary'
import { dropUpload } from './blob-rows.ts'
import { fromChunks, inChunks } from './chunk-rows.ts'
import { isTaken } from './database-error.ts'
import type { PersistentCalls } from './persistent-calls.ts'
import { fromJson, toJson } from './stored-values.ts'

type Place = StageName & { readonly runId: RunId }

/** @throws {FedError} 'duplicate-update' */
export async function writeUpdate(
  tx: Prisma.TransactionClient,
  { runId, kind, index }: Place,
  { bytes, ...update }: StoredUpdate,
): Promise<void> {
  const { assignmentId: id } = update
  const data = { ...update, runId, kind, index, codec: toJson({ codec: update.codec }), size: bytes.length }
  try {
    await tx.update.create({ data })
  } catch (error) {
    if (!isTaken(error)) throw error
    throw new FedError('duplicate-update', `the update of assignment ${id} is stored already`)
  }
  await inChunks(bytes, (rows) =>
    tx.updateChunk.createMany({ data: rows.map((row) => ({ assignmentId: id, ...row })) }),
  )
  await dropUpload(tx, update.hash)
}

/** The bytes of these updates go, a statement for each; their rows, with hash and size, stay. */
export async function forgetUpdates(
  tx: Prisma.TransactionClient,
  which: { readonly runId: RunId } & Partial<StageName>,
): Promise<void> {
  const { runId, kind, index } = which
  const where = { runId, ...(kind && { kind }), ...(index !== undefined && { index }), kept: true }
  for (const { assignmentId: id } of await tx.update.findMany({ where, select: { assignmentId: true } })) {
    await tx.updateChunk.deleteMany({ where: { assignmentId: id } })
    await tx.update.update({ where: { assignmentId: id }, data: { kept: false } })
  }
}

/** One update at a time: a stage may have more of them than fit into memory. */
export async function* readUpdates(
  client: PrismaClient,
  { runId, kind, index }: Place,
  { persist }: PersistentCalls,
): AsyncIterable<StoredUpdate> {
  const where = { runId, kind, index, kept: true }
  const rows = await persist(() => client.update.findMany({ where, orderBy: { assignmentId: 'asc' } }))
  for (const row of rows) {
    const bytes = await persist(() =>
      fromChunks(Number(row.size), (range) =>
        client.updateChunk.findMany({
          where: { assignmentId: row.assignmentId, index: range },
          orderBy: { index: 'asc' },
        }),
      ),
    )
    if (bytes === null) continue // forgotten in the meantime
    yield {
      assignmentId: assignmentId(row.assignmentId),
      clientId: clientId(row.clientId),
      weight: Number(row.weight),
      codec: fromJson<{ codec: string }>(row.codec).codec,
      length: row.length,
      hash: blobHash(row.hash),
      bytes,
    }
  }
}
