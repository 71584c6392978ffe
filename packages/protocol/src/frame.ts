import { err, FedError, ok, type Result } from '@tessera/vocabulary'
import type { z } from 'zod'
import { bodyProblem } from './body.ts'
import { openFrame, sealFrame } from './envelope.ts'
import { decodeHeader, encodeHeader } from './header.ts'
import { type Message, message as messageSchema, REPLY_TO, type ReplyTo, type Request } from './message.ts'
import { errorOf } from './refusal.ts'
import { reply } from './replies.ts'

/** One message with its raw bytes; `body` is empty for most messages. */
export interface Frame<M extends Message = Message> {
  readonly message: M
  readonly body: Uint8Array
}

const NO_BODY = new Uint8Array(0)

/**
 * A message and its body as bytes, ready for the socket: the fields in the order of the schema, so that the dictionary
 * fits them and the same message is the same bytes.
 *
 * @throws {FedError} 'invalid-message': the message breaks its schema or does not fit its body.
 * @throws {RangeError} The header is longer than 64 KiB, or the body longer than 1 MiB.
 * @example socket.emit('frame', encodeFrame({ message: { type: 'goodbye' } }))
 */
export function encodeFrame({ message, body = NO_BODY }: { message: Message; body?: Uint8Array }) {
  const checked = messageSchema.safeParse(message)
  if (!checked.success) throw new FedError('invalid-message', `${message.type}: ${checked.error.issues[0]?.message}`)
  const problem = bodyProblem(message, body)
  if (problem !== undefined) throw problem
  return sealFrame({ header: encodeHeader(checked.data), body })
}

/**
 * What a peer sent, as a message and a body; a schema says which messages are allowed, all by default. Never throws,
 * whatever arrives; the body is a view on the same memory.
 * Errors: 'malformed-frame' (cut short, damaged, too long, not bytes), 'unsupported-version' (of the frame or of
 * the protocol), 'invalid-message' (the header, its schema, or a body that does not fit).
 *
 * @param bytes A Uint8Array or Buffer in Node, an ArrayBuffer in browsers; anything else is malformed.
 */
export function decodeFrame(bytes: unknown): Result<Frame, FedError>
export function decodeFrame<M extends Message>(bytes: unknown, schema: z.ZodType<M>): Result<Frame<M>, FedError>
export function decodeFrame(bytes: unknown, schema: z.ZodType<Message> = messageSchema): Result<Frame, FedError> {
  const plain = asBytes(bytes)
  if (plain === undefined) return err(new FedError('malformed-frame', 'not a frame: it is not binary'))
  const envelope = openFrame(plain)
  if (!envelope.ok) return envelope
  const { header, body } = envelope.value
  const message = decodeHeader(header, schema)
  if (!message.ok) return message
  const problem = bodyProblem(message.value, body)
  return problem === undefined ? ok({ message: message.value, body }) : err(problem)
}

/**
 * The acknowledgement of a request. A refusal becomes its error, and so does a reply of the wrong type; besides
 * those, the errors of `decodeFrame`.
 */
export function decodeReply<Type extends Request['type']>(
  request: Type,
  bytes: unknown,
): Result<Frame<ReplyTo<Type>>, FedError> {
  const frame = decodeFrame(bytes, reply)
  if (!frame.ok) return frame
  const { message } = frame.value
  const expected = REPLY_TO[request]
  if (message.type === expected) return ok(frame.value as Frame<ReplyTo<Type>>)
  if (message.type === 'refusal') return err(errorOf(message))
  return err(new FedError('invalid-message', `${request} is answered by ${expected}, not by ${message.type}`))
}

function asBytes(bytes: unknown): Uint8Array | undefined {
  if (bytes instanceof Uint8Array) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes)
  return undefined
}
