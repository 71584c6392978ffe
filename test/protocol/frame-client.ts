import { randomBytes } from 'node:crypto'
import {
  type CoordinatorMessage,
  coordinatorMessage,
  decodeFrame,
  encodeFrame,
  FRAME_EVENT,
  type MessageOf,
  PROTOCOL_VERSION,
  packHeader,
  type Reply,
  refusalOf,
  reply,
  sealFrame,
} from '@tessera/protocol'
import { clientId, FedError, unwrap } from '@tessera/vocabulary'
import { io } from 'socket.io-client'

/** A coordinator's message of one type. */
type Told<Type extends CoordinatorMessage['type']> = Extract<CoordinatorMessage, { type: Type }>

/** A worker with nothing behind it: it sends what a test tells it to, good or bad, and remembers what it is told. */
export interface FrameClient {
  /** Send anything as a `frame` event and read the answer, which must be a frame. */
  sendRaw(...content: readonly unknown[]): Promise<Reply>
  /** Send a header and a body as they are, unchecked, in an undamaged frame. */
  send(header: unknown, body?: Uint8Array): Promise<Reply>
  /** The next message of a type that was not taken yet; waits for it. */
  told<Type extends CoordinatorMessage['type']>(type: Type): Promise<Told<Type>>
  /** Types of all messages that came and were not taken, in their order. */
  untaken(): string[]
  /** Settles with the reason when the connection has ended. */
  readonly ended: Promise<string>
  /** Answer the next message as a worker does that got it damaged, and forget it. */
  missNext(): void
  /** Break the connection off, as a lost network does. */
  drop(): void
}

const ANSWER_MS = 30_000

export async function connectClient(url: string): Promise<FrameClient> {
  const socket = io(new URL('/worker', url).href, { transports: ['websocket'], reconnection: false, forceNew: true })
  const inbox: CoordinatorMessage[] = []
  let missed = false
  const waiting = new Map<string, ((message: CoordinatorMessage) => void)[]>()
  socket.on(FRAME_EVENT, (bytes: unknown, acknowledge: (reply: Uint8Array) => void) => {
    if (missed) {
      missed = false
      acknowledge(encodeFrame({ message: refusalOf(new FedError('malformed-frame', 'a damaged frame')) }))
      return
    }
    const { message } = unwrap(decodeFrame(bytes, coordinatorMessage))
    acknowledge(encodeFrame({ message: { type: 'accepted', duplicate: false } }))
    const taker = waiting.get(message.type)?.shift()
    if (taker === undefined) inbox.push(message)
    else taker(message)
  })
  const ended = new Promise<string>((resolve) => socket.on('disconnect', resolve))
  await new Promise<void>((resolve, reject) => {
    socket.on('connect', resolve)
    socket.on('connect_error', reject)
  })
  const sendRaw = async (...content: readonly unknown[]): Promise<Reply> => {
    const answer: unknown = await socket.timeout(ANSWER_MS).emitWithAck(FRAME_EVENT, ...content)
    return unwrap(decodeFrame(answer, reply)).message
  }
  return {
    sendRaw,
    send: (header, body = new Uint8Array(0)) => sendRaw(frameOf(header, body)),
    told<Type extends CoordinatorMessage['type']>(type: Type) {
      const at = inbox.findIndex((message) => message.type === type)
      if (at >= 0) return Promise.resolve(inbox.splice(at, 1)[0] as Told<Type>)
      return new Promise<Told<Type>>((resolve) => {
        waiting.set(type, [...(waiting.get(type) ?? []), (message) => resolve(message as Told<Type>)])
      })
    },
    untaken: () => inbox.map(({ type }) => type),
    ended,
    missNext() {
      missed = true
    },
    drop: () => void socket.disconnect(),
  }
}

/** An undamaged frame around any header. */
export function frameOf(header: unknown, body: Uint8Array = new Uint8Array(0)): Uint8Array {
  return sealFrame({ header: packHeader(new TextEncoder().encode(JSON.stringify(header))), body })
}

export const newSecret = (): string => randomBytes(24).toString('hex')

export function helloOf(name: string, { token, secret }: { token: string; secret: string }): MessageOf<'hello'> {
  return {
    type: 'hello',
    protocol: PROTOCOL_VERSION,
    token,
    clientId: clientId(name),
    clientSecret: secret,
    examples: 10,
    device: 'none',
    software: 'frame-client 1',
  }
}

/** An update of an assignment in float32, inline, with the right length. */
export function updateOf(
  { runId, round, assignmentId }: Told<'assignment'>,
  values: Float32Array,
): { readonly message: MessageOf<'update'>; readonly body: Uint8Array } {
  const body = new Uint8Array(values.buffer.slice(0))
  const message: MessageOf<'update'> = {
    type: 'update',
    runId,
    round,
    assignmentId,
    weight: 10,
    codec: 'float32',
    length: values.length,
    blob: null,
    metrics: {},
  }
  return { message, body }
}
