/** What another machine sent comes back as a value, never as an exception. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E }

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value })

export const err = <E>(error: E): { readonly ok: false; readonly error: E } => ({ ok: false, error })

/** The value of a result that must be good here; throws its error otherwise (our mistake, or a process's edge). */
export function unwrap<T>(result: Result<T, Error>): T {
  if (result.ok) return result.value
  throw result.error
}
