import { LIVE_EVENT, liveMessage } from '@tessera/protocol'
import { io } from 'socket.io-client'
import type { Feed, FeedListener } from './session.ts'

/** The coordinator's live feed over socket.io, which reconnects by itself. */
export function openFeed(listener: FeedListener, token: () => string | null): Feed {
  const socket = io('/live', {
    auth: (send) => send({ token: token() ?? undefined }),
    reconnectionDelayMax: 5000,
  })
  socket.on('connect', listener.opened)
  socket.on('disconnect', (reason) => {
    if (reason === 'io client disconnect') return
    listener.lost()
    // A coordinator that stops says goodbye, and socket.io then does not try again by itself.
    if (reason === 'io server disconnect') socket.connect()
  })
  socket.on('connect_error', (error) => {
    if (isUnauthorized(error)) listener.refused()
    else listener.lost()
  })
  socket.on(LIVE_EVENT, (sent: unknown) => {
    const message = liveMessage.safeParse(sent)
    if (message.success) listener.heard(message.data)
    else console.error('The live feed carried a message that this page does not understand.', message.error)
  })
  return {
    reopen: () => {
      socket.disconnect().connect()
    },
    close: () => {
      socket.disconnect()
    },
  }
}

function isUnauthorized(error: Error): boolean {
  const data = 'data' in error ? error.data : undefined
  return typeof data === 'object' && data !== null && 'code' in data && data.code === 'unauthorized'
}
