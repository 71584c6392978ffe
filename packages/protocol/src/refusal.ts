import { ERROR_CODES, type ErrorCode, FedError } from '@tessera/vocabulary'
import { z } from 'zod'
import { errorCodeField } from './fields.ts'

export const refusal = z
  .strictObject({
    type: z.literal('refusal'),
    code: errorCodeField.describe('What went wrong, from the table of error codes.'),
    message: z.string().max(2000).describe('One public sentence for people.'),
    fix: z.string().max(2000).optional().describe('What to do about it, where that is known.'),
    retryable: z.boolean().describe('Whether the same message may succeed later.'),
  })
  .describe('The message was understood to be wrong, or could not be served; nothing was changed by it.')

export type Refusal = z.infer<typeof refusal>

/** Codes whose messages speak only of what the peer sent or asked; all others might name a path or a host. */
const SPOKEN: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'shape-mismatch',
  'not-finite',
  'rank-too-large',
  'grid-overflow',
  'device-missing',
  'unauthorized',
  'unsupported-version',
  'malformed-frame',
  'invalid-message',
  'hello-required',
  'unknown-blob',
  'blob-incomplete',
  'blob-too-large',
  'hash-mismatch',
  'unknown-method',
  'unknown-initialisation',
  'unknown-aggregator',
  'unknown-codec',
  'corrupt-update',
  'overloaded',
  'unknown-run',
  'unknown-assignment',
  'round-over',
  'round-closing',
  'duplicate-update',
  'illegal-event',
  'run-not-finished',
  'timeout',
])

/** The sentence about an error that may leave this machine: its own, or the code's where that could be private. */
export function publicMessage(error: FedError): string {
  return SPOKEN.has(error.code) ? error.message.slice(0, 2000) : ERROR_CODES[error.code].sentence
}

/** The answer to a message that failed with `error`. */
export function refusalOf(error: FedError): Refusal {
  const { code, retryable } = error
  const base = { type: 'refusal', code, message: publicMessage(error), retryable } as const
  return error.fix !== undefined && SPOKEN.has(code) ? { ...base, fix: error.fix.slice(0, 2000) } : base
}

/** The error that a peer's refusal stands for. */
export function errorOf({ code, message, fix }: Pick<Refusal, 'code' | 'message' | 'fix'>): FedError {
  return fix === undefined ? new FedError(code, message) : new FedError(code, message, { fix })
}
