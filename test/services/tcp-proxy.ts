import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What happens to a packet of the client: it goes on; it is lost with its connection; or only its answer is. */
export type Fate = 'pass' | 'cut-before' | 'cut-after'

/** A network before a server, such as that of a coordinator's database, that does what a test wants. */
export interface TcpProxy {
  /** The server's URL through the proxy. */
  readonly url: string
  /** Decides on each packet that a client sends. */
  decide(fate: (packet: Buffer) => Fate): void
  /** From now on nothing comes through in either direction, and nobody is told. */
  hold(): void
  release(): void
  /** Bytes that came from clients, and from the server. */
  moved(): { readonly up: number; readonly down: number }
  close(): Promise<void>
}

export async function startProxy(serverUrl: string): Promise<TcpProxy> {
  const target = new URL(serverUrl)
  const sockets = new Set<Socket>()
  let fateOf: (packet: Buffer) => Fate = () => 'pass'
  let held = false
  let [up, down] = [0, 0]

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    const both = [client, upstream]
    let cutAfter = false
    for (const socket of both) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        if (!cutAfter) for (const end of both) end.destroy()
      })
      if (held) socket.pause()
    }
    client.on('data', (packet) => {
      up += packet.length
      const fate = fateOf(packet)
      cutAfter ||= fate === 'cut-after'
      if (fate === 'pass') upstream.write(packet)
      else client.destroy()
      if (fate === 'cut-after') upstream.end(packet) // the server reads all of it before it sees the end
    })
    upstream.on('data', (packet) => {
      down += packet.length
      client.write(packet)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const url = new URL(serverUrl)
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    decide: (fate) => {
      fateOf = fate
    },
    hold() {
      held = true
      for (const socket of sockets) socket.pause()
    },
    release() {
      held = false
      for (const socket of sockets) socket.resume()
    },
    moved: () => ({ up, down }),
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
