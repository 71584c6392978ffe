import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type CoordinatorMessage,
  decodeFrame,
  encodeFrame,
  FRAME_EVENT,
  hashBytes,
  type Reply,
  reply,
  type WorkerMessage,
  workerMessage,
} from '@tessera/protocol'
import { type BlobHash, unwrap } from '@tessera/vocabulary'
import { Server, type Socket } from 'socket.io'

/** What a worker's message is answered with: a reply, with its body, or bytes that are no frame. */
export type FakeAnswer = { readonly message: Reply; readonly body?: Uint8Array } | Uint8Array

/** A coordinator that only talks: what it answers is the test's to say. */
export interface FakeCoordinator {
  readonly url: string
  /** All messages so far, in the order they came. */
  readonly heard: readonly WorkerMessage[]
  /** The SHA-256 of the body of each. */
  readonly bodies: readonly BlobHash[]
  /** Send a message, or any bytes, to the worker on the newest connection; gives its answer. */
  tell(content: CoordinatorMessage | Uint8Array): Promise<Reply>
  /** Break the newest connection off. */
  drop(): void
  stop(): Promise<void>
}

export async function fakeCoordinator(
  answer: (message: WorkerMessage, body: Uint8Array) => FakeAnswer | Promise<FakeAnswer>,
): Promise<FakeCoordinator> {
  const http = createServer()
  const io = new Server(http, { transports: ['websocket'], serveClient: false })
  const heard: WorkerMessage[] = []
  const bodies: BlobHash[] = []
  let newest: Socket | undefined
  io.of('/worker').on('connection', (socket) => {
    newest = socket
    socket.on(FRAME_EVENT, async (bytes: unknown, acknowledge: (reply: Uint8Array) => void) => {
      const { message, body } = unwrap(decodeFrame(bytes, workerMessage))
      heard.push(message)
      bodies.push(hashBytes(body))
      const content = await answer(message, body)
      acknowledge(content instanceof Uint8Array ? content : encodeFrame(content))
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    heard,
    bodies,
    async tell(content) {
      const frame = content instanceof Uint8Array ? content : encodeFrame({ message: content })
      const answered: unknown = await newest?.timeout(30_000).emitWithAck(FRAME_EVENT, frame)
      return unwrap(decodeFrame(answered, reply)).message
    },
    drop: () => void newest?.disconnect(true),
    stop: async () => {
      await io.close()
    },
  }
}
