import type { Log } from '@tessera/federation'
import { FedError } from '@tessera/vocabulary'
import pRetry from 'p-retry'
import { asked } from './database-error.ts'

/** A server that starts again is back within a second; one that is away for long is asked every few seconds. */
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 3_000
/** As long as somebody who waits for an answer and can ask again may be kept waiting. */
const BRIEFLY_MS = 5_000

/** One call of the database; how often it was tried before, it learns from the attempt, which counts from 1. */
export type Query<T> = (attempt: number) => Promise<T>

/** Calls of a database that may be away for a while. */
export interface PersistentCalls {
  /** Repeat the query, with growing and jittered pauses, until the database answers or `end` is called. */
  persist<T>(query: Query<T>): Promise<T>
  /** Repeat it for some seconds, and not at all while the disk is full: whoever asked may ask again. */
  insist<T>(query: Query<T>): Promise<T>
  /** What the database failed with last, from the first failure on until a call succeeds and none waits any more. */
  trouble(): FedError | null
  /** From now on nothing is repeated, and what pauses fails; with a reason, nothing is asked any more. */
  end(reason?: FedError): void
}

/** @param log Told once when an outage begins, and once when it is over. */
export function createPersistentCalls(log: Log): PersistentCalls {
  const outage = watchOutages(log)
  const pauses = new Map<AbortController, FedError>()
  let ended = false
  let reason: FedError | undefined

  async function call<T>(query: Query<T>, { brief }: { brief: boolean }): Promise<T> {
    if (reason !== undefined) throw reason
    const pause = new AbortController()
    const attempted = outage.of()
    try {
      const result = await pRetry(
        (attempt) => {
          pauses.delete(pause)
          return asked(() => query(attempt))
        },
        {
          retries: Number.POSITIVE_INFINITY,
          minTimeout: FIRST_PAUSE_MS,
          maxTimeout: LONGEST_PAUSE_MS,
          randomize: true,
          maxRetryTime: brief ? BRIEFLY_MS : Number.POSITIVE_INFINITY,
          signal: pause.signal,
          onFailedAttempt: ({ error }) => {
            if (isPassing(error)) attempted.failed(error)
          },
          shouldRetry: ({ error }) => {
            if (ended || !isPassing(error) || (brief && error.code === 'disk-full')) return false
            pauses.set(pause, error)
            return true
          },
        },
      )
      attempted.succeeded()
      return result
    } catch (error) {
      attempted.gaveUp()
      throw reason ?? error
    } finally {
      pauses.delete(pause)
    }
  }

  return {
    persist: (query) => call(query, { brief: false }),
    insist: (query) => call(query, { brief: true }),
    trouble: outage.trouble,
    end: (why) => {
      ended = true
      reason ??= why
      for (const [pause, error] of [...pauses]) pause.abort(error)
    },
  }
}

const isPassing = (error: Error): error is FedError =>
  error instanceof FedError && (error.code === 'database-unreachable' || error.code === 'disk-full')

/** An outage begins with the first call that fails, and is over when one succeeds and no other waits any more. */
function watchOutages(log: Log) {
  let since: number | null = null
  let last: FedError | null = null
  let waiting = 0
  return {
    trouble: () => last,
    of() {
      let waits = false
      const settle = (): void => {
        if (waits) waiting -= 1
        waits = false
      }
      return {
        failed(error: FedError): void {
          if (!waits) waiting += 1
          waits = true
          last = error
          if (since !== null) return
          since = Date.now()
          log.warn(`${error.message}; what waits for it goes on when it is back`, { code: error.code, error })
        },
        succeeded(): void {
          settle()
          if (since === null || waiting > 0) return
          log.info('the database answers again', { outageMs: Date.now() - since })
          since = null
          last = null
        },
        gaveUp: settle,
      }
    },
  }
}
