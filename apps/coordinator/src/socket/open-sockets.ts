import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { Server, type ServerOptions } from 'socket.io'

/**
 * socket.io on an HTTP server that does not listen yet. `app.close()` ends both: everyone is told goodbye, and what is
 * then still connected is cut. Left alone, a server waits for its connections, also for one on which nothing was ever
 * asked, as browsers open it in advance: for minutes.
 */
export function openSockets(app: FastifyInstance, options: Partial<ServerOptions> = {}): Server {
  const io = new Server(app.server, options)
  const connections = new Set<Socket>()
  app.server.on('connection', (connection: Socket) => {
    connections.add(connection)
    connection.once('close', () => connections.delete(connection))
  })
  app.addHook('preClose', async () => {
    app.server.close() // no new ones from here on
    const ended = io.close() // says goodbye at once, and waits for all connections to end
    await setImmediate()
    for (const connection of connections) connection.destroy()
    await ended
  })
  return io
}
