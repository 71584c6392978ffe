import type { Prisma } from '@prisma/client'
import { removeBlobs } from './blob-rows.ts'

/** A worker that is away for a night goes on with its upload the next morning. */
export const UPLOAD_LIFE_MS = 24 * 60 * 60 * 1000

type Transaction = Prisma.TransactionClient

/**
 * Remove what workers uploaded, whole or in part, and nobody went on with since then; what a run made stays.
 *
 * @returns How many blobs.
 */
export function sweepUploads(tx: Transaction, untouchedSince: Date): Promise<number> {
  return removeBlobs(tx, { touchedAt: { lt: untouchedSince }, runs: { none: {} } })
}

/** An upload does not say which run it is for: all of them are of no use once no run is under way any more. */
export async function sweepWhenIdle(tx: Transaction): Promise<number> {
  const underWay = await tx.run.count({ where: { phase: { notIn: ['finished', 'abandoned'] } } })
  return underWay > 0 ? 0 : removeBlobs(tx, { runs: { none: {} } })
}
