import { createHash, timingSafeEqual } from 'node:crypto'
import { FedError } from '@tessera/vocabulary'

/** As much of a request or a socket's handshake as access depends on. */
export interface Caller {
  /** The address of the other end of the connection. */
  readonly address: string | undefined
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The token that came with it, without `Bearer`. */
  readonly token: string | undefined
}

export interface Access {
  /** Whether this caller may read: on this machine everyone may, from elsewhere only who has the token. */
  mayRead(caller: Caller): boolean
  /** Whether this caller may change something: only who has the token. */
  mayWrite(caller: Caller): boolean
}

const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via']
const LOOPBACK_ADDRESS = /^(?:127\.|::1$|::ffff:127\.)/
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i

/** The rule of access for one token; it is compared in a time that does not depend on where two texts differ. */
export function createAccess(token: string): Access {
  const expected = digest(token)
  const mayWrite = ({ token }: Caller) => token !== undefined && timingSafeEqual(digest(token), expected)
  return { mayWrite, mayRead: (caller) => isLocal(caller) || mayWrite(caller) }
}

export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
}

export function unauthorized(): FedError {
  return new FedError('unauthorized', 'This needs the token of the coordinator.', {
    fix: 'Send it as `Authorization: Bearer …`; `tessera up` prints it when it starts.',
  })
}

/**
 * Whether someone on this machine asks. The address alone does not say so: a proxy on this machine asks for others, and
 * a foreign page can make its own host name point here, but then it can not say `localhost`.
 */
function isLocal({ address, headers }: Caller): boolean {
  if (address === undefined || !LOOPBACK_ADDRESS.test(address)) return false
  if (FORWARDED.some((name) => headers[name] !== undefined)) return false
  return typeof headers.host === 'string' && LOOPBACK_HOST.test(headers.host) && isSameOrigin(headers)
}

/** A page of another origin can open a socket to here, and its browser then says whose page it is. */
function isSameOrigin({ origin, host }: Caller['headers']): boolean {
  if (origin === undefined) return true
  return typeof origin === 'string' && URL.canParse(origin) && new URL(origin).host === host
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
