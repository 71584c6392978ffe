import type { Transport } from '@tessera/federation'
import { type CoordinatorMessage, decodeFrame, encodeFrame, FRAME_EVENT, reply } from '@tessera/protocol'
import { asFedError, type ClientId } from '@tessera/vocabulary'
import type { Server, Socket } from 'socket.io'
import type { ByteLedger } from '../ledger/byte-ledger.ts'
import { ConnectionMeter } from '../ledger/connection-meter.ts'
import type { Presence } from './worker-roster.ts'
import { type SessionParts, WorkerSession } from './worker-session.ts'

/** The namespace of the workers' protocol, beside the live feed on the same server. */
export const WORKER_NAMESPACE = '/worker'

/** How long a worker may take to answer a frame before it is sent again, and how often it is sent at most. */
const ANSWER_MS = 20_000
const ATTEMPTS = 5

/** What was sent last has left by then. */
const HANG_UP_MS = 100

export interface GatewayParts extends Omit<SessionParts, 'admitted' | 'departed' | 'meter'> {
  readonly ledger: ByteLedger
}

/** One worker's connection, and what counts its bytes. */
interface Line {
  readonly socket: Socket
  readonly meter: ConnectionMeter
}

/** The coordinator's end of every worker's connection, and the transport that the engine sends through. */
export class WorkerGateway implements Transport {
  readonly #lines = new Map<ClientId, Line>()
  /** Connections that were given work since their last hello. */
  readonly #assigned = new WeakSet<Socket>()
  #parts: GatewayParts | null = null

  /** Start to serve: the engine needs the transport before the gateway can have the engine. */
  attach(io: Server, parts: GatewayParts): void {
    this.#parts = parts
    io.of(WORKER_NAMESPACE).on('connection', (socket) => this.#serve(socket, parts))
  }

  assign: Transport['assign'] = (clientId, message) => {
    const line = this.#lines.get(clientId)
    if (line !== undefined) this.#assigned.add(line.socket)
    this.#send(clientId, message)
  }

  cancel: Transport['cancel'] = (clientId, work) => {
    this.#parts?.roster.drop(clientId, work.assignmentId)
    this.#send(clientId, { type: 'cancel', ...work })
  }

  #send(clientId: ClientId, message: CoordinatorMessage): void {
    const line = this.#lines.get(clientId)
    if (line !== undefined) void deliver(line, message)
  }

  #serve(socket: Socket, parts: GatewayParts): void {
    const line = { socket, meter: new ConnectionMeter(parts.ledger, socket.conn) }
    const session = new WorkerSession({
      ...parts,
      meter: line.meter,
      admitted: (presence) => this.#admit(line, presence, parts),
      departed: (id) => this.#depart(socket, id, 'left'),
    })
    socket.on(FRAME_EVENT, (...sent: unknown[]) => {
      answer(socket, session, sent).catch((error: unknown) => {
        parts.failed(asFedError(error))
        socket.disconnect(true)
      })
    })
    socket.on('disconnect', () => {
      if (session.clientId !== null) this.#depart(socket, session.clientId, 'lost')
    })
  }

  /** A goodbye gives the client's work back at once; a connection that is lost may come back, and its work with it. */
  #depart(socket: Socket, id: ClientId, how: 'left' | 'lost'): void {
    if (this.#lines.get(id)?.socket !== socket) return // it said goodbye before, or a newer connection took its place
    const { roster, engine, failed } = this.#parts as GatewayParts
    this.#lines.delete(id)
    roster.remove(id)
    engine.leave(id, how).catch((error: unknown) => failed(asFedError(error)))
  }

  /** The newest connection of a client counts; the engine hears of it when the welcome is on its way. */
  #admit(line: Line, presence: Presence, parts: GatewayParts): void {
    const { clientId: id, examples } = presence
    const { socket, meter } = line
    meter.admitted(id)
    if (!socket.connected) return // it broke while the client was looked up
    const older = this.#lines.get(id)
    this.#lines.set(id, line)
    parts.roster.set(presence)
    if (older !== undefined && older.socket !== socket) replace(older)
    setImmediate(() => {
      if (this.#lines.get(id)?.socket !== socket) return
      this.#join(socket, id, examples).catch((error: unknown) => parts.failed(asFedError(error)))
    })
  }

  async #join(socket: Socket, id: ClientId, examples: number): Promise<void> {
    this.#assigned.delete(socket)
    await this.#parts?.engine.join(id, examples)
    if (this.#lines.get(id)?.socket !== socket || this.#assigned.has(socket)) return
    this.#send(id, { type: 'idle', message: 'there is no work now; the next round or run comes here by itself' })
  }
}

/** An event holds one binary argument and asks for an acknowledgement; whatever else it holds is no frame. */
async function answer(socket: Socket, session: WorkerSession, sent: readonly unknown[]): Promise<void> {
  const last = sent.at(-1)
  const acknowledge = typeof last === 'function' ? (last as (reply: Uint8Array) => void) : null
  const content = acknowledge === null ? sent : sent.slice(0, -1)
  const { reply, hangUp } = await session.answer(content.length === 1 ? content[0] : undefined)
  acknowledge?.(reply)
  if (hangUp) hangUpSoon(socket)
}

/**
 * Send a frame until the worker has answered that it took it, or that it never will. Whatever a worker is sent may come
 * twice; and when the connection ends, the engine repeats open work at the next hello.
 */
async function deliver({ socket, meter }: Line, message: CoordinatorMessage): Promise<void> {
  const frame = encodeFrame({ message })
  for (let attempt = 0; attempt < ATTEMPTS && socket.connected; attempt++) {
    const answered = meter.told(message, { again: attempt > 0, bytes: frame.length })
    const answer: unknown = await socket
      .timeout(ANSWER_MS)
      .emitWithAck(FRAME_EVENT, frame)
      .catch(() => null)
    if (answer instanceof Uint8Array) answered(answer.length)
    const decoded = decodeFrame(answer, reply)
    if (!decoded.ok) continue // none came, or a damaged one
    const { message: told } = decoded.value
    if (told.type !== 'refusal' || !told.retryable) return
  }
}

/** Two processes of one client would take the place from each other for ever if the first were not told. */
function replace(older: Line): void {
  const message = {
    type: 'refusal',
    code: 'client-replaced',
    message: 'another worker introduced itself as this client',
    fix: 'Run one worker a client; each client needs a --name or a --state-dir of its own.',
    retryable: false,
  } as const
  void deliver(older, message)
  hangUpSoon(older.socket)
}

function hangUpSoon(socket: Socket): void {
  setTimeout(() => socket.disconnect(true), HANG_UP_MS)
}
