import {
  type BytePlace,
  ByteSorter,
  type CoordinatorMessage,
  coordinatorMessage,
  decodeFrame,
  decodeReply,
  encodeFrame,
  FRAME_EVENT,
  type Frame,
  type MessageOf,
  type Reply,
  type ReplyTo,
  refusalOf,
  reply,
  type WorkerMessage,
} from '@tessera/protocol'
import { err, FedError, type Result } from '@tessera/vocabulary'
import { io, type Socket } from 'socket.io-client'
import { createBackoff } from './backoff.ts'
import { addBytes, type ByteCounts } from './byte-counts.ts'

/** How long an answer may take before the message is sent again. */
const ANSWER_TIMEOUT_MS = 30_000

/** The pauses before a connection is opened again: of the library, and of ours where one side has hung up on purpose. */
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000

export interface LinkEvents {
  /** The socket is open; the worker introduces itself. */
  connected(): void
  disconnected(reason: string): void
  /** True when the message was known already and changed nothing. */
  received(message: CoordinatorMessage): boolean
}

/** The worker's end of the connection: one event, frames in both directions, every frame answered. */
export interface CoordinatorLink {
  /** One message and its answer; a refusal, a time-out or a lost connection comes back as an error. */
  request<M extends WorkerMessage>(message: M, body?: Uint8Array): Promise<Result<Frame<ReplyTo<M['type']>>, FedError>>
  /** The bytes of all frames until now, sorted as the coordinator sorts them; what carries them is not counted here. */
  moved(): ByteCounts
  /** The coordinator has let us in: the next pause is a short one again. */
  admitted(): void
  /** Hang up, and connect again after a pause. */
  again(): void
  close(): void
}

/** Connects, and connects again with growing, jittered pauses for as long as it is open. */
export function openLink(url: string, events: LinkEvents): CoordinatorLink {
  const socket = io(new URL('/worker', url).href, {
    transports: ['websocket'],
    reconnectionDelay: FIRST_PAUSE_MS,
    reconnectionDelayMax: LONGEST_PAUSE_MS,
    randomizationFactor: 0.5,
  })
  const backoff = createBackoff({ firstMs: 2 * FIRST_PAUSE_MS, longestMs: LONGEST_PAUSE_MS })
  let pause: NodeJS.Timeout | undefined
  const connectLater = (): void => {
    clearTimeout(pause)
    pause = setTimeout(() => socket.connect(), backoff.next())
  }
  socket.on('connect', () => events.connected())
  socket.on('disconnect', (reason) => {
    if (reason !== 'io client disconnect') events.disconnected(reason) // that was this side's own doing
    if (reason === 'io server disconnect') connectLater() // the library stays away by itself after this one
  })
  socket.on('connect_error', (error) => events.disconnected(error.message))
  const sorter = new ByteSorter()
  let counts: ByteCounts = {}
  const count: Count = (place, moved) => {
    counts = addBytes(counts, place, moved)
  }
  socket.on(FRAME_EVENT, (bytes: unknown, acknowledge: unknown) => {
    const frame = decodeFrame(bytes, coordinatorMessage)
    const message = frame.ok
      ? ({ type: 'accepted', duplicate: events.received(frame.value.message) } as const)
      : refusalOf(frame.error)
    const answer = encodeFrame({ message })
    const place = frame.ok ? sorter.told(frame.value.message) : sorter.exchange(null, null).request
    count(place, { up: answer.length, down: lengthOf(bytes) })
    if (typeof acknowledge === 'function') acknowledge(answer)
  })
  return {
    request: (message, body) => request({ socket, sorter, count }, message, body),
    moved: () => counts,
    admitted: () => backoff.reset(),
    again() {
      socket.disconnect()
      connectLater()
    },
    close() {
      clearTimeout(pause)
      socket.close()
    },
  }
}

type Count = (place: BytePlace, moved: { up?: number; down?: number }) => void

interface Line {
  readonly socket: Socket
  readonly sorter: ByteSorter
  readonly count: Count
}

async function request<M extends WorkerMessage>(
  { socket, sorter, count }: Line,
  message: M,
  body?: Uint8Array,
): Promise<Result<Frame<ReplyTo<M['type']>>, FedError>> {
  if (!socket.connected) return err(unreachable('the connection is down'))
  const frame = encodeFrame(body === undefined ? { message } : { message, body })
  const answer: unknown = await socket
    .timeout(ANSWER_TIMEOUT_MS)
    .emitWithAck(FRAME_EVENT, frame)
    .catch(() => null)
  const decoded = decodeReply(message.type as M['type'] & MessageOf<'hello'>['type'], answer)
  const told = decoded.ok ? decoded.value.message : replyIn(answer)
  const places = sorter.exchange(message, told)
  count(places.request, { up: frame.length })
  count(places.answer, { down: lengthOf(answer) })
  // A damaged answer is as if none had come; what a whole one refuses is refused.
  if (told === null) return err(unreachable(`no whole answer to ${message.type}`))
  return decoded as Result<Frame<ReplyTo<M['type']>>, FedError>
}

function replyIn(answer: unknown): Reply | null {
  const frame = decodeFrame(answer, reply)
  return frame.ok ? frame.value.message : null
}

const lengthOf = (bytes: unknown): number =>
  bytes instanceof ArrayBuffer || ArrayBuffer.isView(bytes) ? bytes.byteLength : 0

const unreachable = (message: string): FedError => new FedError('unreachable', message)
