import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '@prisma/client'
import type { Log, Store } from '@tessera/federation'
import { type BlobHash, type ClientId, FedError, type RunId } from '@tessera/vocabulary'
import type { RunQueries } from '../run-queries.ts'
import type { GatewayStore } from '../socket/gateway-store.ts'
import { sweepUploads, UPLOAD_LIFE_MS } from './abandoned-uploads.ts'
import { type Lease, takeLease } from './coordinator-lease.ts'
import { asked } from './database-error.ts'
import { poolFor } from './database-limits.ts'
import { startEmbeddedPostgres } from './embedded-postgres.ts'
import { type FencedTransactions, fencedTransactions } from './fenced-transactions.ts'
import { migrate } from './migrations.ts'
import { createPersistentCalls, type PersistentCalls } from './persistent-calls.ts'
import { createPostgresGatewayStore } from './postgres-gateway-store.ts'
import { createPostgresRunQueries } from './postgres-run-queries.ts'
import { createPostgresStore } from './postgres-store.ts'

/** A server of one's own, or the folder in which to keep an embedded one. */
export type DatabasePlace = { readonly url: string } | { readonly dataFolder: string }

/** Who hears of what happens to the database while it is open. */
export interface DatabaseListener {
  readonly log: Log
  /**
   * Told once when the database is lost for good: 'superseded' when another coordinator has taken it over,
   * 'database-failed' when the embedded server does not start again. Everything asked from then on fails with this error.
   */
  readonly lost: (error: FedError) => void
}

/** The coordinator's durable memory: one connection pool, and what is kept through it. */
export interface Database {
  readonly store: Store
  readonly gateway: GatewayStore
  readonly queries: RunQueries
  /** Where the embedded server's files are; null for a server of one's own. */
  readonly folder: string | null
  /** Whether it answers now. */
  answers(): Promise<boolean>
  /** Whether its disk is full: it reads, and what is to be written waits. */
  isFull(): boolean
  /** Note that a client was heard of, at a time in milliseconds since 1970. */
  touchClient(id: ClientId, at: number): Promise<void>
  /** Remember the name of the exported adapter. @throws {FedError} 'unknown-run' */
  setAdapterHash(runId: RunId, hash: BlobHash): Promise<void>
  /** Remove the uploads that nobody went on with for a day before this time. @returns How many. */
  sweepUploads(at: number): Promise<number>
  /** Migrations that this start applied. */
  readonly migrated: readonly string[]
  /** What waits for a database that is away fails now, instead of keeping a coordinator that stops. */
  stopWaiting(): void
  /** Ends the connections, and the embedded server where there is one. */
  close(): Promise<void>
}

/**
 * Start or reach the database, become its only coordinator, bring it to this version's schema, and open it.
 *
 * @throws {FedError} 'data-folder-in-use', 'database-in-use', 'database-failed', 'database-unreachable',
 *   'database-refused', 'database-newer', 'disk-full', 'invalid-config'
 */
export async function openDatabase(place: DatabasePlace, { log, lost }: DatabaseListener): Promise<Database> {
  const calls = createPersistentCalls(log)
  let isLost = false
  const lose = (error: FedError): void => {
    calls.end(error)
    if (isLost) return
    isLost = true
    log.error(error.message, { code: error.code })
    lost(error)
  }
  const server =
    'url' in place ? external(place.url) : await startEmbeddedPostgres(place.dataFolder, { log, failed: lose })
  let lease: Lease | undefined
  try {
    const pool = poolFor(server.url)
    lease = await takeLease(server.url)
    const migrated = await migrate(server.url)
    const term = await lease.begin(lose)
    const client = new PrismaClient({ adapter: new PrismaPg(pool, QUIET), errorFormat: 'minimal' })
    const transactions = fencedTransactions(client, { term, superseded: lose })
    return {
      store: createPostgresStore({ client, transactions, calls, log }),
      gateway: createPostgresGatewayStore(client, transactions, calls),
      queries: createPostgresRunQueries(client, calls),
      folder: server.cluster,
      isFull: () => calls.trouble()?.code === 'disk-full',
      ...bookkeeping(client, transactions, calls),
      migrated,
      stopWaiting: () => calls.end(),
      close: async () => {
        calls.end()
        await client.$disconnect()
        await lease?.close()
        await server.stop()
      },
    }
  } catch (error) {
    await lease?.close()
    await server.stop()
    throw error
  }
}

/** A connection that breaks while nobody uses it is replaced; the query that needs one reports what is wrong. */
const QUIET = { onPoolError: () => undefined, onConnectionError: () => undefined }

const external = (url: string) => ({ url, cluster: null, stop: async () => undefined })

type Bookkeeping = Pick<Database, 'answers' | 'touchClient' | 'setAdapterHash' | 'sweepUploads'>

function bookkeeping(client: PrismaClient, { alone }: FencedTransactions, calls: PersistentCalls): Bookkeeping {
  return {
    answers: () =>
      asked(() => client.$queryRaw`SELECT 1`).then(
        () => true,
        () => false,
      ),
    touchClient: (id, at) =>
      calls.insist(async () => {
        await client.client.updateMany({ where: { id }, data: { lastSeenAt: new Date(at) } })
      }),
    setAdapterHash: (runId, hash) =>
      calls.persist(async () => {
        const { count } = await client.run.updateMany({ where: { id: runId }, data: { adapterHash: hash } })
        if (count === 0) throw new FedError('unknown-run', `there is no run ${runId}`)
      }),
    sweepUploads: (at) => calls.insist(() => alone((tx) => sweepUploads(tx, new Date(at - UPLOAD_LIFE_MS)))),
  }
}
