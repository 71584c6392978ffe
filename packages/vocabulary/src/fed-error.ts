import { ERROR_CODES, type ErrorCode } from './error-codes.ts'

/**
 * The base of every error that Tessera raises on purpose. Callers match on `code`, people read `message`,
 * and `fix` is the one sentence that says what to do about it.
 */
export class FedError extends Error {
  override readonly name: string = 'FedError'
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>
  readonly fix: string | undefined

  constructor(code: ErrorCode, message: string, context: FedErrorContext = {}) {
    super(message, { cause: context.cause })
    this.code = code
    this.details = context.details ?? {}
    this.fix = context.fix
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable
  }
}

export interface FedErrorContext {
  /** Numbers and names a program may want; never secrets. */
  readonly details?: Readonly<Record<string, unknown>>
  /** One sentence with the fix in it. */
  readonly fix?: string
  readonly cause?: unknown
}

/** Two lengths that had to be equal are not. */
export class ShapeError extends FedError {
  override readonly name = 'ShapeError'

  constructor(what: string, expected: number, actual: number) {
    super('shape-mismatch', `${what}: expected length ${expected}, got ${actual}`, { details: { expected, actual } })
  }
}

/** Any thrown value as a `FedError`; what is not one already becomes `internal` with the original as its cause. */
export function asFedError(thrown: unknown): FedError {
  if (thrown instanceof FedError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new FedError('internal', message, { cause: thrown })
}
