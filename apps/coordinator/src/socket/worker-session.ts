import { timingSafeEqual } from 'node:crypto'
import type { Engine, StoredUpdate } from '@tessera/federation'
import {
  CHUNK_BYTES,
  decodeFrame,
  encodeFrame,
  type Frame,
  hashBytes,
  MAX_LISTED_CHUNKS,
  type MessageOf,
  PROTOCOL_VERSION,
  type Reply,
  refusalOf,
  type WorkerMessage,
  workerMessage,
} from '@tessera/protocol'
import { asFedError, type BlobHash, type ClientId, err, FedError, ok, type Result } from '@tessera/vocabulary'
import type { ConnectionMeter } from '../ledger/connection-meter.ts'
import type { GatewayStore } from './gateway-store.ts'
import type { IntakeGate } from './intake-gate.ts'
import { workInHand } from './work-in-hand.ts'
import type { Presence, WorkerRoster } from './worker-roster.ts'

export interface SessionParts {
  readonly engine: Engine
  readonly store: GatewayStore
  readonly roster: WorkerRoster
  readonly meter: Pick<ConnectionMeter, 'exchange'>
  readonly intake: IntakeGate
  readonly token: string
  readonly readBlobRange: (
    hash: BlobHash,
    range: { offset: number; length: number },
  ) => Promise<{ size: number; bytes: Uint8Array } | null>
  readonly readBlob: (hash: BlobHash) => Promise<Uint8Array | null>
  /** Why so many bytes more can not be kept; null where they can, or nobody knows. */
  readonly noRoomFor: (bytes: number) => FedError | null
  /** The client on this connection is known from now on. */
  readonly admitted: (presence: Presence) => void
  /** It said goodbye: the client has left, whenever the connection ends. */
  readonly departed: (client: ClientId) => void
  /** A failure of ours, for the log; the peer gets the code's sentence. */
  readonly failed: (error: FedError) => void
}

interface Answer {
  readonly message: Reply
  readonly body?: Uint8Array
}

/** Refusals after which the coordinator hangs up. */
const HANGS_UP = new Set(['unsupported-version', 'unauthorized', 'hello-required'])

/** Messages of one connection that are served at once; a worker that waits for its answers never has so many. */
const MOST_UNANSWERED = 32

/** What is wrong with an update before its bytes are looked at. */
const NEVER_TAKEN = new Set(['invalid-message', 'unknown-run'])

/** One worker's connection: every frame gets an answer, and nothing but `hello` is heard before `hello`. */
export class WorkerSession {
  readonly #parts: SessionParts
  #client: ClientId | null = null
  /** The hello that is being looked up; what was sent after it is answered after it. */
  #introduction: Promise<unknown> = Promise.resolve()
  #unanswered = 0

  constructor(parts: SessionParts) {
    this.#parts = parts
  }

  get clientId(): ClientId | null {
    return this.#client
  }

  /** The answer to what arrived, and whether the connection ends after it. */
  async answer(bytes: unknown): Promise<{ reply: Uint8Array; hangUp: boolean }> {
    if (this.#unanswered >= MOST_UNANSWERED) {
      return { reply: this.#counted(null, { message: FLOOD }, bytes), hangUp: false }
    }
    this.#unanswered += 1
    return this.#answer(bytes).finally(() => {
      this.#unanswered -= 1
    })
  }

  async #answer(bytes: unknown): Promise<{ reply: Uint8Array; hangUp: boolean }> {
    const frame = decodeFrame(bytes, workerMessage)
    const answer = frame.ok ? await this.#serve(frame.value) : err(frame.error)
    const content = answer.ok ? answer.value : { message: refusalOf(answer.error) }
    const reply = this.#counted(frame.ok ? frame.value.message : null, content, bytes)
    return { reply, hangUp: !answer.ok && HANGS_UP.has(answer.error.code) }
  }

  /** The answer as a frame, counted with what it answers. */
  #counted(request: WorkerMessage | null, { message, body }: Answer, bytes: unknown): Uint8Array {
    const reply = encodeFrame(body === undefined ? { message } : { message, body })
    this.#parts.meter.exchange(request, message, { up: byteLength(bytes), down: reply.length })
    return reply
  }

  async #serve(frame: Frame<WorkerMessage>): Promise<Result<Answer, FedError>> {
    try {
      const { message } = frame
      if (message.type === 'hello') return await this.#introduce(message)
      await this.#introduction
      if (this.#client === null) return err(new FedError('hello-required', 'the first message must be hello'))
      return await this.#dispatch(this.#client, frame)
    } catch (thrown) {
      const error = asFedError(thrown)
      this.#parts.failed(error)
      return err(error)
    }
  }

  async #dispatch(client: ClientId, { message, body }: Frame<WorkerMessage>): Promise<Result<Answer, FedError>> {
    switch (message.type) {
      case 'fetch-blob':
        return this.#fetchBlob(message)
      case 'offer-blob':
        return this.#offerBlob(message)
      case 'store-chunk':
        return this.#storeChunk(message, body)
      case 'progress':
        return this.#progress(client, message)
      case 'update':
        return this.#update(client, message, body)
      case 'decline':
        return this.#decline(client, message)
      case 'goodbye':
        this.#parts.departed(client)
        return accepted(false)
      default:
        return accepted(false)
    }
  }

  #introduce(hello: MessageOf<'hello'>): Promise<Result<Answer, FedError>> {
    const answer = this.#introduction.then(() => this.#hello(hello))
    this.#introduction = answer.catch(() => undefined)
    return answer
  }

  async #hello(hello: MessageOf<'hello'>): Promise<Result<Answer, FedError>> {
    const { token, store, admitted } = this.#parts
    if (this.#client !== null && this.#client !== hello.clientId) {
      return err(new FedError('invalid-message', `this connection belongs to the client ${this.#client}`))
    }
    if (!sameText(hello.token, token)) {
      return err(
        new FedError('unauthorized', 'the token is wrong', { fix: 'Ask the coordinator for a fresh invitation.' }),
      )
    }
    const { clientId, clientSecret: secret, device, software, examples } = hello
    const known = await store.admit({ clientId, secret, device, software, examples })
    if (!known.ok) return known
    this.#client = clientId
    const serverTime = Date.now()
    admitted({ clientId, device, software, examples, work: null, lastSeenAt: serverTime })
    return ok({ message: { type: 'welcome', protocol: PROTOCOL_VERSION, clientId, serverTime } })
  }

  async #fetchBlob({ hash, offset, length }: MessageOf<'fetch-blob'>): Promise<Result<Answer, FedError>> {
    const part = await this.#parts.readBlobRange(hash, { offset, length })
    if (part === null) return err(new FedError('unknown-blob', `there is no blob ${hash}`))
    if (offset >= part.size) {
      return err(new FedError('invalid-message', `offset ${offset} is past the end of a blob of ${part.size} bytes`))
    }
    return ok({ message: { type: 'chunk', hash, size: part.size, offset }, body: part.bytes })
  }

  async #offerBlob({ hash, size }: MessageOf<'offer-blob'>): Promise<Result<Answer, FedError>> {
    const { store, noRoomFor } = this.#parts
    const missing = await store.missingChunks({ hash, size }, MAX_LISTED_CHUNKS)
    const refusal = missing[0] === undefined ? null : noRoomFor(size - missing[0] * CHUNK_BYTES)
    return refusal === null ? ok({ message: { type: 'wanted', hash, missing: [...missing] } }) : err(refusal)
  }

  async #storeChunk(message: MessageOf<'store-chunk'>, body: Uint8Array): Promise<Result<Answer, FedError>> {
    const { hash, size, index } = message
    const stored = await this.#parts.store.storeChunk({ hash, size }, index, body)
    return stored.ok ? ok({ message: { type: 'stored', hash, index, complete: stored.value.complete } }) : stored
  }

  #progress(client: ClientId, { type: _, ...work }: MessageOf<'progress'>): Result<Answer, FedError> {
    const held = workInHand(this.#parts.engine, client, work)
    if (!held.ok) return held
    if (held.value.status !== 'open') return accepted(true)
    this.#parts.roster.update(client, { work, lastSeenAt: Date.now() })
    return accepted(false)
  }

  async #update(client: ClientId, message: MessageOf<'update'>, body: Uint8Array): Promise<Result<Answer, FedError>> {
    const held = workInHand(this.#parts.engine, client, message)
    if (!held.ok && NEVER_TAKEN.has(held.error.code)) return held
    const isAwaited = held.ok && held.value.status === 'open'
    return this.#parts.intake.pass(message.runId, body.length, async () => {
      const bytes = message.blob === null ? body.slice() : await this.#parts.readBlob(message.blob)
      if (bytes !== null || !isAwaited) return this.#takeIn(client, message, bytes ?? NOTHING)
      return err(new FedError('blob-incomplete', `not all of the update's blob ${message.blob} is here`))
    })
  }

  /** What is not awaited is a duplicate or too late by its hash alone. */
  async #takeIn(client: ClientId, message: MessageOf<'update'>, bytes: Uint8Array): Promise<Result<Answer, FedError>> {
    const { runId, assignmentId, weight, codec, length, blob, metrics } = message
    const hash = blob ?? hashBytes(bytes)
    const update: StoredUpdate = { assignmentId, clientId: client, weight, codec, length, hash, bytes }
    const taken = await this.#parts.engine.receive(runId, update, metrics)
    this.#parts.roster.update(client, { work: null, lastSeenAt: Date.now() })
    return taken.ok ? accepted(taken.value.duplicate) : taken
  }

  async #decline(client: ClientId, message: MessageOf<'decline'>): Promise<Result<Answer, FedError>> {
    const { runId, assignmentId, code, message: text } = message
    const held = workInHand(this.#parts.engine, client, message)
    if (!held.ok) return held
    if (held.value.status !== 'open') return accepted(true)
    const event = { type: 'assignment-failed', assignmentId, clientId: client, reason: `${code}: ${text}` } as const
    const taken = await this.#parts.engine.steer(runId, event)
    this.#parts.roster.update(client, { work: null, lastSeenAt: Date.now() })
    return taken.ok ? accepted(false) : taken
  }
}

const NOTHING = new Uint8Array(0)

const FLOOD = refusalOf(
  new FedError('overloaded', `${MOST_UNANSWERED} messages of this connection wait for their answers`, {
    fix: 'Wait for answers before sending more.',
  }),
)

const accepted = (duplicate: boolean): Result<Answer, FedError> => ok({ message: { type: 'accepted', duplicate } })

const byteLength = (bytes: unknown): number => (ArrayBuffer.isView(bytes) ? bytes.byteLength : 0)

function sameText(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)]
  return a.length === b.length && timingSafeEqual(a, b)
}
