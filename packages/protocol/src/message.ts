import { z } from 'zod'
import { COORDINATOR_MESSAGES, type CoordinatorMessage } from './coordinator-messages.ts'
import { accepted, chunk, type Reply, stored, wanted, welcome } from './replies.ts'
import { WORKER_MESSAGES, type WorkerMessage } from './worker-messages.ts'

/** Every message of the protocol; `refusal` is both a message of the coordinator and a reply. */
export const MESSAGES = [...WORKER_MESSAGES, ...COORDINATOR_MESSAGES, welcome, chunk, wanted, stored, accepted] as const

export const message = z.discriminatedUnion('type', MESSAGES)
export type Message = WorkerMessage | CoordinatorMessage | Reply
/** The message of one type, e.g. `MessageOf<'update'>`. */
export type MessageOf<Type extends Message['type']> = Extract<Message, { type: Type }>

/** Anything that is answered: every message that is not itself a reply. */
export type Request = WorkerMessage | CoordinatorMessage

/** What answers each message when nothing is wrong; a `refusal` may stand in for any of them. */
export const REPLY_TO = {
  'hello': 'welcome',
  'fetch-blob': 'chunk',
  'offer-blob': 'wanted',
  'store-chunk': 'stored',
  'progress': 'accepted',
  'update': 'accepted',
  'decline': 'accepted',
  'goodbye': 'accepted',
  'assignment': 'accepted',
  'cancel': 'accepted',
  'idle': 'accepted',
  'refusal': 'accepted',
} as const satisfies Record<Request['type'], Exclude<Reply['type'], 'refusal'>>

/** The reply that a request of type `Type` hopes for. */
export type ReplyTo<Type extends Request['type']> = Extract<Reply, { type: (typeof REPLY_TO)[Type] }>
