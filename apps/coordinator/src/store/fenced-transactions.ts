import type { Prisma, PrismaClient } from '@prisma/client'
import type { FedError } from '@tessera/vocabulary'
import { supersededError } from './coordinator-lease.ts'

type Work<T> = (tx: Prisma.TransactionClient) => Promise<T>

/** Transactions that write only while this start of the coordinator is the last one. */
export interface FencedTransactions {
  /** The number of this start. */
  readonly term: number
  /** Beside others of its kind. */
  together<T>(work: Work<T>): Promise<T>
  /** While no other one is under way: what nobody refers to can be removed without anybody beginning to. */
  alone<T>(work: Work<T>): Promise<T>
}

/** As long as it makes progress, a transaction may take: each statement has a time-out of its own. */
const WHOLE_MS = 600_000
const CONNECTION_MS = 20_000

/**
 * Every transaction first locks the row with the number of the last start, so that a start waits for what an earlier
 * coordinator is about to write, and after it the earlier one writes nothing any more.
 *
 * @param superseded Told when another coordinator has the database; the transaction is refused with 'superseded'.
 */
export function fencedTransactions(
  client: PrismaClient,
  { term, superseded }: { term: number; superseded: (error: FedError) => void },
): FencedTransactions {
  const limits = { timeout: WHOLE_MS, maxWait: CONNECTION_MS }
  const check = (rows: readonly unknown[]): void => {
    if (rows.length === 1) return
    const error = supersededError()
    superseded(error)
    throw error
  }
  return {
    term,
    together: (work) =>
      client.$transaction(async (tx) => {
        check(await tx.$queryRaw`SELECT 1 FROM "Term" WHERE "value" = ${term} FOR SHARE`)
        return work(tx)
      }, limits),
    alone: (work) =>
      client.$transaction(async (tx) => {
        check(await tx.$queryRaw`SELECT 1 FROM "Term" WHERE "value" = ${term} FOR UPDATE`)
        return work(tx)
      }, limits),
  }
}
