import type { Prisma, PrismaClient } from '@prisma/client'
import { type ClientId, clientId, type RunId, runId } from '@tessera/vocabulary'
import type { LedgerLine } from '../ledger/byte-ledger.ts'

/** Where a line stands beside its own place: which start of the coordinator counted it, and on which page. */
interface Sheet {
  readonly term: number
  readonly page: number
}

/** In place of the same lines as they were; those of a run that is gone are left out. */
export async function writeLedgerLines(
  tx: Prisma.TransactionClient,
  { term, page }: Sheet,
  lines: readonly LedgerLine[],
): Promise<void> {
  const of = <Value>(pick: (line: LedgerLine) => Value): Value[] => lines.map(pick)
  await tx.$executeRaw`
    INSERT INTO "LedgerLine"
      ("runId", "round", "pass", "clientId", "kind", "uploadBytes", "downloadBytes", "term", "page")
    SELECT line.*, ${term}::int, ${page}::int
    FROM unnest(
      ${of(({ runId }) => runId ?? '')}::text[], ${of(({ round }) => round)}::int[], ${of(({ pass }) => pass)}::int[],
      ${of(({ clientId }) => clientId ?? '')}::text[], ${of(({ kind }) => kind)}::"ByteKind"[],
      ${of(({ up }) => up)}::bigint[], ${of(({ down }) => down)}::bigint[]
    ) AS line ("runId")
    WHERE "runId" = '' OR EXISTS (SELECT FROM "Run" WHERE "id" = "runId")
    ON CONFLICT ("runId", "round", "pass", "clientId", "kind", "term", "page")
      DO UPDATE SET "uploadBytes" = EXCLUDED."uploadBytes", "downloadBytes" = EXCLUDED."downloadBytes"`
}

/** The lines of a run from a round on, or those of no run, summed over all pages. */
export async function readLedgerLines(client: PrismaClient, run: RunId | null, from = 0): Promise<LedgerLine[]> {
  const rows = await client.ledgerLine.groupBy({
    by: ['runId', 'round', 'pass', 'clientId', 'kind'],
    where: { runId: run ?? '', round: { gte: from } },
    _sum: { uploadBytes: true, downloadBytes: true },
  })
  return rows.map(({ runId: of, round, pass, clientId: client, kind, _sum }) => ({
    ...{ round, pass, kind },
    runId: of === '' ? null : runId(of),
    clientId: client === '' ? null : clientId(client),
    up: Number(_sum.uploadBytes),
    down: Number(_sum.downloadBytes),
  }))
}

/** An update that was taken: what stands beside its bytes in the ledger. */
export interface TakenUpdate {
  readonly runId: RunId
  readonly round: number
  readonly pass: number
  readonly clientId: ClientId
  readonly length: number
  readonly size: number
}

/** All updates that a run took from a round on, whether their bytes are still here or not. */
export async function readTakenUpdates(client: PrismaClient, run: RunId, from = 0): Promise<TakenUpdate[]> {
  const trained = { kind: 'train', index: { gte: from } } as const
  const rows = await client.update.findMany({
    where: { runId: run, OR: from > 0 ? [trained] : [trained, { kind: 'probe' }] },
    select: { kind: true, index: true, clientId: true, length: true, size: true },
  })
  return rows.map(({ kind, index, clientId: id, length, size }) => ({
    ...{ runId: run, length, size: Number(size) },
    round: kind === 'train' ? index : 0,
    pass: kind === 'train' ? 0 : index,
    clientId: clientId(id),
  }))
}
