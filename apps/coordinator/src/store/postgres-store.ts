import type { PrismaClient } from '@prisma/client'
import type { Commit, Log, RunRecord, RunState, Store } from '@tessera/federation'
import { blobHash, type ErrorCode, FedError, type RunId } from '@tessera/vocabulary'
import { hasEnded } from '../run-ended.ts'
import { sweepWhenIdle } from './abandoned-uploads.ts'
import { readBlob, readBlobRange } from './blob-rows.ts'
import { writeCommit } from './commit-transaction.ts'
import { isLogged, readEvents } from './event-rows.ts'
import type { FencedTransactions } from './fenced-transactions.ts'
import type { PersistentCalls } from './persistent-calls.ts'
import { insertRun, readRuns, readVersions, removeRun, stateOf, writeEvaluation } from './run-rows.ts'
import { readUpdates } from './update-rows.ts'

export interface PostgresStoreParts {
  readonly client: PrismaClient
  readonly transactions: FencedTransactions
  readonly calls: PersistentCalls
  readonly log: Log
}

/**
 * The store that survives: every commit is one transaction of PostgreSQL. While the database is away, everything waits
 * for it; an attempt that ended without an answer may have been done, and the next one then finds what it wrote.
 */
export function createPostgresStore(parts: PostgresStoreParts): Store {
  const { client, transactions, calls } = parts
  const { persist } = calls
  return {
    createRun: (record, state) => createRun(parts, record, state),
    loadRuns: () => persist(() => readRuns(client)),
    commit: (commit) => writeDown(parts, commit),
    eventsOf: (runId) => readEvents(client, runId, calls),
    updatesOf: (runId, { kind, index }) => readUpdates(client, { runId, kind, index }, calls),
    updateHash: (id) =>
      persist(async () => {
        const found = await client.update.findUnique({ where: { assignmentId: id }, select: { hash: true } })
        return found === null ? null : blobHash(found.hash)
      }),
    versionsOf: (runId) => persist(() => readVersions(client, runId)),
    addEvaluation: (runId, round, metrics) =>
      persist(() => transactions.together((tx) => writeEvaluation(tx, { runId, round }, metrics))),
    deleteRun: (runId) => deleteRun(parts, runId),
    readBlob: (hash) => persist(() => readBlob(client, hash)),
    readBlobRange: (hash, range) => persist(() => readBlobRange(client, hash, range)),
  }
}

function createRun({ client, transactions, calls }: PostgresStoreParts, record: RunRecord, state: RunState) {
  return calls.persist((attempt) =>
    transactions
      .together((tx) => insertRun(tx, record, state))
      .catch(unlessDone(attempt, 'conflict', async () => (await stateOf(client, record.runId))?.head === state.head)),
  )
}

async function writeDown({ client, transactions, calls, log }: PostgresStoreParts, commit: Commit): Promise<void> {
  await calls.persist((attempt) =>
    transactions
      .together((tx) => writeCommit(tx, commit))
      .catch(unlessDone(attempt, 'conflict', () => isLogged(client, commit))),
  )
  if (!hasEnded(commit.state.phase)) return
  await calls
    .insist(() => transactions.alone(sweepWhenIdle))
    .catch((error: unknown) => log.warn('uploads of ended runs are left for a day', { error }))
}

function deleteRun({ client, transactions, calls }: PostgresStoreParts, runId: RunId): Promise<void> {
  return calls.persist((attempt) =>
    transactions
      .alone((tx) => removeRun(tx, runId))
      .catch(unlessDone(attempt, 'unknown-run', async () => (await stateOf(client, runId)) === null)),
  )
}

/** What a repeated attempt is refused for may be its own earlier doing. */
function unlessDone(attempt: number, code: ErrorCode, isDone: () => Promise<boolean>) {
  return async (error: unknown): Promise<void> => {
    const repeated = attempt > 1 && error instanceof FedError && error.code === code
    if (!repeated || !(await isDone())) throw error
  }
}
