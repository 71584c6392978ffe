import type { PrismaClient } from '@prisma/client'
import type { GatewayStore } from '../socket/gateway-store.ts'
import { missingChunks, storeChunk } from './blob-uploads.ts'
import { admitClient } from './client-registry.ts'
import type { FencedTransactions } from './fenced-transactions.ts'
import { writeLedgerLines } from './ledger-rows.ts'
import type { PersistentCalls } from './persistent-calls.ts'

/** What the worker protocol keeps, in PostgreSQL. A worker is told soon when the database is away, and asks again. */
export function createPostgresGatewayStore(
  client: PrismaClient,
  transactions: FencedTransactions,
  { insist }: PersistentCalls,
): GatewayStore {
  return {
    admit: (introduction) => insist(() => admitClient(client, introduction, Date.now())),
    missingChunks: (blob, limit) => insist(() => missingChunks(client, blob, limit)),
    storeChunk: (blob, index, bytes) => insist(() => storeChunk(transactions, blob, { index, bytes })),
    writeLedger: (page, lines) =>
      insist(() => transactions.together((tx) => writeLedgerLines(tx, { term: transactions.term, page }, lines))),
  }
}
