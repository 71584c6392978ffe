import { Socket } from 'node:net'
import { FedError } from '@tessera/vocabulary'
import type { PoolConfig } from 'pg'

/** What a connection allows; the URL's parameters of the same names say otherwise. */
const DEFAULTS = {
  /** A run commits one event at a time; the rest carries the chunks of many workers and what people look at. */
  connection_limit: 10,
  /** The longest statement writes or deletes some megabytes; what takes longer than this waits for a sick disk. */
  statement_timeout: 60_000,
  /** Who holds a row holds it for one commit; longer, and the one who holds it is gone or ends by the next time-out. */
  lock_timeout: 10_000,
  /** Between two statements of a transaction there is no work: a coordinator that says nothing more holds locks. */
  idle_in_transaction_session_timeout: 30_000,
}
const LEAST_CONNECTIONS = 2
const CONNECT_MS = 8_000
/** An unused connection is given back, and so a broken one that nobody used is not met much later. */
const IDLE_MS = 60_000
/** How much longer than its slowest statement a connection may be silent. */
const SILENCE_MS = 5_000

/**
 * The pool for a database's URL: `?connection_limit=20&statement_timeout=120000`, in PostgreSQL's own names and in
 * milliseconds, where 0 is no limit.
 *
 * @throws {FedError} 'invalid-config'
 */
export function poolFor(url: string): PoolConfig {
  const { connection_limit: max, ...timeouts } = limitsOf(url)
  const statementMs = timeouts.statement_timeout
  return {
    connectionString: url,
    max,
    ...timeouts,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: IDLE_MS,
    keepAlive: true,
    application_name: 'tessera',
    ...(statementMs === 0 ? {} : { stream: () => socketThatSpeaks(statementMs + SILENCE_MS) }),
  }
}

function limitsOf(url: string): typeof DEFAULTS {
  const { searchParams } = new URL(url)
  const entries = Object.entries(DEFAULTS).map(([name, usual]) => {
    const text = searchParams.get(name)
    const value = text === null ? usual : Number(text)
    const least = name === 'connection_limit' ? LEAST_CONNECTIONS : 0
    if (Number.isSafeInteger(value) && value >= least) return [name, value]
    throw new FedError('invalid-config', `${name} in the database's URL is not a whole number of at least ${least}`)
  })
  return Object.fromEntries(entries)
}

/** A connection into a network that swallows everything is given up: TCP alone would take a quarter of an hour. */
export function socketThatSpeaks(withinMs: number): Socket {
  const socket = new Socket()
  socket.setTimeout(withinMs, () => socket.destroy())
  return socket
}
