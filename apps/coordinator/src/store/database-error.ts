import { Prisma } from '@prisma/client'
import { FedError } from '@tessera/vocabulary'

/** Prisma's codes for a server that is gone, a connection that broke, and a pool without a free connection. */
const LOST = new Set(['P1000', 'P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2034', 'P2037'])
/**
 * PostgreSQL's codes for what passes by itself: connections (08), a server that stops, crashes or starts (57P0x), a
 * statement, a lock or a transaction that took too long, two transactions in each other's way, too many connections,
 * and a server that became a standby.
 */
const PASSING = /^(08...|57P0[1235]|57014|55P03|25P0[34]|40001|40P01|53[23]00|25006)$/
const DISK_FULL = '53100'
const NO_SPACE = /ENOSPC|No space left on device/
/** Node's codes: ECONNREFUSED, EPIPE and their like; Prisma gives them on as its own. */
const OF_SOCKETS = /^E(?!RR_)[A-Z_]+$/
/** What the driver says without a code. */
const BROKEN = /Connection terminated|connection error and is not queryable|timeout exceeded|terminating connection/
const UNIQUE = 'P2002'
const NOT_FOUND = 'P2025'
const NO_SUCH_PARENT = 'P2003'

/** Whether a write was refused because a row of the same key is there. */
export const isTaken = (error: unknown): boolean => hasCode(error, UNIQUE)

/** Whether the row to change, or the one that a new row belongs to, is not there. */
export const isMissing = (error: unknown): boolean => hasCode(error, NOT_FOUND) || hasCode(error, NO_SUCH_PARENT)

/** Run a query; what goes wrong in it comes out as a `FedError`. */
export async function asked<T>(query: () => Promise<T>): Promise<T> {
  try {
    return await query()
  } catch (error) {
    throw databaseError(error)
  }
}

function databaseError(error: unknown): FedError {
  if (error instanceof FedError) return error
  const text = error instanceof Error ? error.message : String(error)
  const state = sqlStateOf(error)
  if (state === DISK_FULL || NO_SPACE.test(text)) {
    return new FedError('disk-full', "the database's disk is full", {
      fix: 'Make room on it; what waits for it goes on by itself.',
      cause: error,
    })
  }
  if (!PASSING.test(state) && !isLost(error, text)) {
    return new FedError('internal', 'a query of the database failed', { cause: error })
  }
  return new FedError('database-unreachable', `the database does not answer${state && ` (PostgreSQL says ${state})`}`, {
    fix: 'Check that PostgreSQL still runs; what was stored is safe, and what waits for it goes on by itself.',
    cause: error,
  })
}

function isLost(error: unknown, text: string): boolean {
  const { code } = (error ?? {}) as { code?: unknown }
  const known = typeof code === 'string' && (LOST.has(code) || OF_SOCKETS.test(code))
  return known || BROKEN.test(text) || error instanceof Prisma.PrismaClientInitializationError
}

/** PostgreSQL's own code of an error, from the driver or from under what Prisma made of it; empty when it gave none. */
function sqlStateOf(error: unknown): string {
  const { meta, severity, code } = (error ?? {}) as Partial<Record<'meta' | 'severity' | 'code', unknown>>
  if (typeof severity === 'string' && typeof code === 'string') return code
  const { cause } = (meta as { driverAdapterError?: { cause?: { originalCode?: string } } })?.driverAdapterError ?? {}
  return cause?.originalCode ?? ''
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === code
}
