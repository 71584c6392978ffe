import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { decodeFrame } from '@tessera/protocol'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import { FaultLane, type LaneParts } from './fault-lane.ts'
import type { NetworkFault } from './network-fault.ts'
import { emptyTally, type ProxyCounts } from './proxy-tally.ts'
import type { Random } from './seeded-random.ts'
import { messageGrouping, type SocketMessage } from './socket-message.ts'

export interface FaultProxyOptions {
  /** The coordinator, as http://host:port. */
  readonly upstream: string
  readonly host: string
  readonly random: Random
}

/** A stand-in for the coordinator that one worker connects to, and that can be made as bad as a network may be. */
export interface FaultProxy {
  readonly url: string
  /** What it has seen and done until now. */
  counts(): ProxyCounts
  /** From now on; `partition` also cuts what is connected. Null for none. */
  set(fault: NetworkFault | null): void
  close(): Promise<void>
}

/** WebSocket messages pass through one by one; a worker that may not or can not be connected finds the door shut. */
export async function startFaultProxy({ upstream, host, random }: FaultProxyOptions): Promise<FaultProxy> {
  const tally = emptyTally()
  const coordinators = new Set<WebSocket>()
  let fault: NetworkFault | null = null
  const server = createServer((_request, response) => response.writeHead(426).end())
  const doors = new WebSocketServer({ noServer: true, maxPayload: 0 })
  const cutAll = (): void => {
    for (const end of [...doors.clients, ...coordinators]) end.terminate()
  }
  const accept = (coordinator: WebSocket, { request, socket, head }: Upgrade): void => {
    coordinators.add(coordinator)
    doors.handleUpgrade(request, socket, head, (worker) => {
      tally.connections += 1
      connect({ worker, coordinator }, { fault: () => fault, random, tally })
      if (fault?.kind === 'partition') worker.terminate() // it came while the coordinator was being asked
    })
  }
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    if (fault?.kind === 'partition') {
      tally.refused += 1
      socket.destroy()
      return
    }
    const coordinator = new WebSocket(webSocketUrl(upstream, request), { maxPayload: 0 })
    coordinator.once('error', () => socket.destroy()) // as if the proxy were not there: nobody answers
    coordinator.once('close', () => coordinators.delete(coordinator))
    coordinator.once('open', () => accept(coordinator, { request, socket, head }))
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve))
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    counts: () => ({ ...tally }),
    set(next) {
      fault = next
      if (next?.kind !== 'partition') return
      tally.cut += doors.clients.size
      cutAll()
    },
    async close() {
      cutAll()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

function webSocketUrl(upstream: string, { url = '/' }: IncomingMessage): URL {
  const target = new URL(url, upstream)
  target.protocol = target.protocol.replace('http', 'ws')
  return target
}

/** A lane each way; what ends one end ends the other, after what was on its way. */
function connect({ worker, coordinator }: Record<'worker' | 'coordinator', WebSocket>, parts: Omit<LaneParts, 'send'>) {
  const up = new FaultLane({ ...parts, send: (message) => send(coordinator, message) })
  const down = new FaultLane({ ...parts, send: (message) => send(worker, message) })
  receive(worker, (message) => up.push(message))
  receive(coordinator, (message) => {
    if (saysDuplicate(message)) parts.tally.duplicatesRefused += 1
    down.push(message)
  })
  const tie = (from: WebSocket, lane: FaultLane, to: WebSocket): void => {
    from.on('error', () => from.terminate())
    from.once('close', () => {
      lane.close()
      to.close()
    })
  }
  tie(worker, up, coordinator)
  tie(coordinator, down, worker)
}

function receive(from: WebSocket, heard: (message: SocketMessage) => void): void {
  const group = messageGrouping()
  from.on('message', (data: RawData, binary: boolean) => {
    const message = group(data, binary)
    if (message !== null) heard(message)
  })
}

function send(to: WebSocket, { pieces }: SocketMessage): void {
  if (to.readyState !== WebSocket.OPEN) return
  for (const { bytes, binary } of pieces) to.send(bytes, { binary })
}

/** Whether this is the coordinator's answer to something that it knew already. */
function saysDuplicate({ pieces }: SocketMessage): boolean {
  return pieces.some(({ binary, bytes }) => {
    if (!binary) return false
    const frame = decodeFrame(bytes)
    return frame.ok && frame.value.message.type === 'accepted' && frame.value.message.duplicate
  })
}
