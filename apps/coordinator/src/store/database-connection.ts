import { setTimeout as sleep } from 'node:timers/promises'
import { FedError } from '@tessera/vocabulary'
import pg from 'pg'

const CONNECT_TIMEOUT_MS = 5_000
const STARTING_RETRIES = 10
const STARTING_RETRY_MS = 500
/** PostgreSQL's codes: it starts or stops; password or rules say no; there is no such database; too many are connected. */
const STARTING = '57P03'
const REFUSED: Readonly<Record<string, string>> = {
  '28P01': 'the user name or the password is wrong',
  '28000': 'its rules do not let this user in from here',
  '3D000': 'it has no such database',
  '42501': 'the user may not do that there',
  '53300': 'too many others are connected',
}

/**
 * One connection, with a clear word early on what is wrong when there is none. No message holds the password.
 *
 * @throws {FedError} 'invalid-config' for what is not a database's URL; 'database-unreachable' within ten seconds when
 *   nobody answers; 'database-refused' when the server does and says no.
 */
export async function connectTo(url: string, config: pg.ClientConfig = {}): Promise<pg.Client> {
  const place = describePlace(url)
  for (let attempt = 1; ; attempt++) {
    const client = new pg.Client({ ...config, connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
    // A connection that breaks later says so to whoever uses it, and by its end.
    client.on('error', () => undefined)
    try {
      await client.connect()
      return client
    } catch (error) {
      await client.end().catch(() => undefined)
      if (codeOf(error) !== STARTING || attempt === STARTING_RETRIES) throw connectionError(place, error)
      await sleep(STARTING_RETRY_MS)
    }
  }
}

/** `db.example.org:5432/tessera`: what a message may say of a URL. @throws {FedError} 'invalid-config' */
export function describePlace(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed === null || !/^postgres(ql)?:$/.test(parsed.protocol)) {
    throw new FedError('invalid-config', 'the database is not given as a PostgreSQL URL', {
      fix: 'Write it like postgresql://user:password@host:5432/database.',
    })
  }
  return `${parsed.hostname || 'localhost'}:${parsed.port || '5432'}${parsed.pathname}`
}

function connectionError(place: string, cause: unknown): FedError {
  const refused = REFUSED[codeOf(cause)]
  if (refused !== undefined) {
    return new FedError('database-refused', `the database at ${place} refuses the connection: ${refused}`, {
      fix: 'Check user, password and database name in DATABASE_URL, and that the database exists.',
      cause,
    })
  }
  return new FedError('database-unreachable', `the database at ${place} does not answer (${reasonOf(cause)})`, {
    fix: 'Check that PostgreSQL runs there and that host and port in DATABASE_URL are right, or leave it out to use the embedded one.',
    cause,
  })
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ')
  return codeOf(error) || (error instanceof Error ? error.message : 'no reason given')
}
