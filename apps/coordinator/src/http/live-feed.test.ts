import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { LIVE_EVENT, type LiveMessage, metricPoint } from '@tessera/protocol'
import { Server } from 'socket.io'
import { io, type Socket } from 'socket.io-client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { attachLiveFeed, LIVE_NAMESPACE } from './live-feed.ts'

const message: LiveMessage = {
  type: 'metric',
  metric: metricPoint.parse({ runId: 'demo', round: 3, name: 'eval-loss', clientId: null, value: 1.25, at: 1000 }),
}

let server: Server
let live: (message: LiveMessage) => void
let port: number
const sockets: Socket[] = []

beforeEach(async () => {
  const http = createServer()
  server = new Server(http)
  live = attachLiveFeed(server, { token: 'secret' })
  await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening))
  port = (http.address() as AddressInfo).port
})

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect()
  await server.close()
})

function listen(options: { headers?: Record<string, string>; token?: string }): Socket {
  const { headers = {}, token } = options
  const socket = io(`http://127.0.0.1:${port}${LIVE_NAMESPACE}`, {
    extraHeaders: headers,
    forceNew: true,
    reconnection: false,
    transports: ['websocket'],
    auth: token === undefined ? {} : { token },
  })
  sockets.push(socket)
  return socket
}

const outcome = (socket: Socket) =>
  new Promise<unknown>((resolve) => {
    socket.on('connect', () => resolve('connected'))
    socket.on('connect_error', (error) => resolve((error as { data?: unknown }).data))
  })

describe('the live feed', () => {
  it('gives every listener on this machine each message, whole', async () => {
    const listeners = [listen({}), listen({})]
    const heard = listeners.map((socket) => new Promise((resolve) => socket.on(LIVE_EVENT, resolve)))
    expect(await Promise.all(listeners.map(outcome))).toEqual(['connected', 'connected'])
    live(message)
    expect(await Promise.all(heard)).toEqual([message, message])
  })

  it('refuses a proxied listener and a foreign page without the token, and takes them with it', async () => {
    const foreign: Record<string, string>[] = [{ 'x-forwarded-for': '192.0.2.7' }, { origin: 'https://evil.example' }]
    for (const headers of foreign) {
      expect(await outcome(listen({ headers }))).toMatchObject({ code: 'unauthorized', retryable: false })
      expect(await outcome(listen({ headers, token: 'wrong' }))).toMatchObject({ code: 'unauthorized' })
      expect(await outcome(listen({ headers, token: 'secret' }))).toBe('connected')
    }
  })
})
