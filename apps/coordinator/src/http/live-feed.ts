import { LIVE_EVENT, type LiveMessage, refusalOf } from '@tessera/protocol'
import type { Server } from 'socket.io'
import { createAccess, unauthorized } from './access.ts'

/** The namespace of the live feed, beside that of the workers' protocol on the same server. */
export const LIVE_NAMESPACE = '/live'

/**
 * Opens the live feed on a socket.io server: who may read over HTTP may listen, with `{ token }` in the handshake's
 * `auth` where a token is needed. Who may not is refused with the refusal of the protocol as the error's `data`.
 *
 * @returns Sends one message to everyone who listens.
 */
export function attachLiveFeed(io: Server, { token }: { token: string }): (message: LiveMessage) => void {
  const access = createAccess(token)
  const feed = io.of(LIVE_NAMESPACE)
  feed.use(({ handshake, request }, next) => {
    const { token } = handshake.auth
    const caller = {
      address: request.socket.remoteAddress,
      headers: handshake.headers,
      token: typeof token === 'string' ? token : undefined,
    }
    if (access.mayRead(caller)) return next()
    const error = unauthorized()
    next(Object.assign(new Error(error.message), { data: refusalOf(error) }))
  })
  return (message) => {
    feed.emit(LIVE_EVENT, message)
  }
}
