import { setTimeout as sleep } from 'node:timers/promises'
import { FedError } from '@tessera/vocabulary'
import pRetry from 'p-retry'
import type pg from 'pg'
import { connectTo, describePlace } from './database-connection.ts'
import { asked } from './database-error.ts'
import { socketThatSpeaks } from './database-limits.ts'

/** The letters "tessera": our lock among all that the database's users may take. */
const LOCK = String(0x74657373657261n)
/** How long a coordinator that was killed may seem to be there: its server has to notice first. */
const WAIT_MS = 2_000
const POLL_MS = 50
const LONGEST_PAUSE_MS = 2_000
/** How soon a connection that died in silence is missed: here by its heartbeat, and by the server within 25 seconds. */
const HEARTBEAT_MS = 10_000
const SILENCE_MS = 45_000
const SERVER_SIDE =
  'SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; SET statement_timeout = 0'

/** What makes a coordinator the only one on its database. */
export interface Lease {
  /**
   * Count this start: what is written under an earlier number is refused from now on.
   *
   * @param superseded Told once, when another coordinator has the database.
   */
  begin(superseded: (error: FedError) => void): Promise<number>
  close(): Promise<void>
}

/**
 * Take PostgreSQL's advisory lock on the database, over a connection of its own that lives as long as the coordinator.
 * When it breaks, the lock is taken again as soon as there is a connection: what is written in between is guarded by
 * the number of the start alone, and a number that moved on says that there was another coordinator.
 *
 * @throws {FedError} 'database-in-use', and what `connectTo` throws.
 */
export async function takeLease(url: string): Promise<Lease> {
  let client = await lockSoon(url)
  let closed = false
  const heartbeat = setInterval(() => void client.query('SELECT 1').catch(() => undefined), HEARTBEAT_MS)
  heartbeat.unref()

  async function keepLocked(term: number): Promise<void> {
    while (!closed) {
      await endOf(client)
      if (closed) return
      client = await pRetry(() => lockAgain(url, term), {
        retries: Number.POSITIVE_INFINITY,
        minTimeout: POLL_MS,
        maxTimeout: LONGEST_PAUSE_MS,
        randomize: true,
        unref: true,
        shouldRetry: ({ error }) => !closed && (error as FedError).code !== 'superseded',
      })
    }
    await client.end()
  }

  return {
    async begin(superseded) {
      const term = await asked(() => nextTerm(client))
      keepLocked(term).catch((error: FedError) => {
        if (!closed) superseded(error)
      })
      return term
    },
    async close() {
      closed = true
      clearInterval(heartbeat)
      await client.end().catch(() => undefined)
    },
  }
}

export function supersededError(): FedError {
  return new FedError('superseded', 'another coordinator has taken over the database', {
    fix: 'Stop one of the two, or give each a database of its own.',
  })
}

async function lockSoon(url: string): Promise<pg.Client> {
  const until = Date.now() + WAIT_MS
  for (;;) {
    try {
      return await connectAnd(url, (client) => lock(client, url))
    } catch (error) {
      if ((error as FedError).code !== 'database-in-use' || Date.now() >= until) throw error
      await sleep(POLL_MS)
    }
  }
}

/** The number is read after the lock is tried: whoever had the lock meanwhile has counted on. */
function lockAgain(url: string, term: number): Promise<pg.Client> {
  return connectAnd(url, async (client) => {
    const refused = await lock(client, url).catch((error: FedError) => error)
    const { rows } = await client.query<{ value: number }>('SELECT "value" FROM "Term"')
    if (rows[0]?.value !== term) throw supersededError()
    if (refused !== undefined) throw refused
  })
}

/** A connection with which something was done; none is left over when that fails. */
async function connectAnd(url: string, use: (client: pg.Client) => Promise<void>): Promise<pg.Client> {
  const client = await connectTo(url, {
    keepAlive: true,
    application_name: 'tessera lease',
    stream: () => socketThatSpeaks(SILENCE_MS),
  })
  try {
    await asked(() => use(client))
    return client
  } catch (error) {
    await client.end().catch(() => undefined)
    throw error
  }
}

async function lock(client: pg.Client, url: string): Promise<void> {
  await client.query(SERVER_SIDE)
  const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [LOCK])
  if (!rows[0]?.taken) throw inUse(url)
}

async function nextTerm(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ value: number }>(
    `INSERT INTO "Term" ("id", "value") VALUES (1, 1)
     ON CONFLICT ("id") DO UPDATE SET "value" = "Term"."value" + 1 RETURNING "value"`,
  )
  return (rows[0] as { value: number }).value
}

function endOf(client: pg.Client): Promise<void> {
  return new Promise((ended) => client.once('end', ended))
}

function inUse(url: string): FedError {
  return new FedError('database-in-use', `another coordinator uses the database at ${describePlace(url)}`, {
    fix: 'Stop that coordinator, or give this one a database of its own with --db.',
  })
}
