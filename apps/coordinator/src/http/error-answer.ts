import { asFedError, ERROR_CODES, type ErrorCode, FedError } from '@tessera/vocabulary'

/** What every failed request answers. */
export interface ErrorAnswer {
  readonly code: ErrorCode
  readonly message: string
  readonly fix?: string
  readonly retryable: boolean
}

/** Codes that speak of the request; every other error is ours, and only its code and public sentence leave. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  'unauthorized': 401,
  'invalid-message': 400,
  'invalid-config': 400,
  'invalid-model': 400,
  'missing-weights': 400,
  'unknown-architecture': 400,
  'file-not-found': 400,
  'invalid-data': 400,
  'empty-data': 400,
  'corrupt-safetensors': 400,
  'shape-mismatch': 400,
  'rank-too-large': 400,
  'unknown-method': 400,
  'unknown-initialisation': 400,
  'unknown-aggregator': 400,
  'unknown-codec': 400,
  'unknown-run': 404,
  'unknown-blob': 404,
  'unknown-route': 404,
  'illegal-event': 409,
  'conflict': 409,
  'run-not-finished': 409,
}

const OWN_STATUS: Partial<Record<ErrorCode, number>> = { 'database-unreachable': 503, 'timeout': 504, 'disk-full': 507 }

/** Status and body for anything that a route threw. */
export function answerTo(thrown: unknown): { readonly status: number; readonly body: ErrorAnswer } {
  const error = refusedByFastify(thrown) ?? asFedError(thrown)
  const { code, message, fix, retryable } = error
  const status = statusOf(thrown, code)
  if (status >= 500) return { status, body: { code, message: ERROR_CODES[code].sentence, retryable } }
  return { status, body: { code, message, ...(fix === undefined ? {} : { fix }), retryable } }
}

function statusOf(thrown: unknown, code: ErrorCode): number {
  if (code === 'invalid-message') return clientStatus(thrown) ?? 400
  return STATUS[code] ?? OWN_STATUS[code] ?? 500
}

/** Fastify's own refusals (a body that is no JSON, too large, of another type) carry a 4xx `statusCode`. */
function refusedByFastify(thrown: unknown): FedError | undefined {
  if (clientStatus(thrown) === undefined || !(thrown instanceof Error)) return undefined
  return new FedError('invalid-message', `The request is not valid: ${thrown.message}`)
}

function clientStatus(thrown: unknown): number | undefined {
  const status = thrown instanceof Error && 'statusCode' in thrown ? thrown.statusCode : undefined
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined
}
