import type { FedError } from '@tessera/vocabulary'

export interface Lifetime {
  /** Stops once, however often it is called. */
  stop(): Promise<void>
  /** Resolves when it has been stopped; rejects, after it has stopped by itself, with what it can not go on without. */
  readonly ended: Promise<void>
}

/** What stops when it is asked to, or by itself when something is lost for good. */
export function lifetimeOf(stopAll: () => Promise<void>, lost: Promise<FedError>): Lifetime {
  let stopped: Promise<void> | undefined
  const stopOnce = (): Promise<void> => (stopped ??= stopAll())
  let asked: () => void = () => undefined
  const ended = Promise.race([
    new Promise<void>((resolve) => {
      asked = resolve
    }),
    lost.then(async (error) => {
      await stopOnce()
      throw error
    }),
  ])
  ended.catch(() => undefined) // whoever does not wait for it still has `stop`
  return {
    ended,
    stop: async () => {
      await stopOnce()
      asked()
    },
  }
}
