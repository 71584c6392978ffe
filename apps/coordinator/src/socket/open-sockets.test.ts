import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import fastify, { type FastifyInstance } from 'fastify'
import type { Server } from 'socket.io'
import { io as openClient, type Socket } from 'socket.io-client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSockets } from './open-sockets.ts'

let app: FastifyInstance
let io: Server
let port: number
let client: Socket | undefined

beforeEach(async () => {
  app = fastify()
  io = openSockets(app)
  await app.listen({ port: 0, host: '127.0.0.1' })
  port = (app.server.address() as AddressInfo).port
})

afterEach(async () => {
  client?.disconnect()
  await app.close()
})

const heard = (socket: Socket, event: string) => new Promise((resolve) => socket.once(event, resolve))

describe('a server with sockets that closes', () => {
  it('does not wait for a connection on which nothing was ever asked', async () => {
    const silent = connect(port, '127.0.0.1')
    await once(silent, 'connect')
    const cut = once(silent, 'close')
    await app.close()
    await cut
  })

  it.each(['polling', 'websocket'])(
    'says goodbye to a client on %s, which finds nobody when it comes back',
    async (transport) => {
      client = openClient(`http://127.0.0.1:${port}`, { transports: [transport], reconnection: false, forceNew: true })
      await heard(client, 'connect')
      const left = heard(client, 'disconnect')
      await app.close()
      await left
      expect(await heard(client.connect(), 'connect_error')).toBeInstanceOf(Error)
      expect(io.sockets.sockets.size).toBe(0)
    },
  )
})
