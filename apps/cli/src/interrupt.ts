import { FedError } from '@tessera/vocabulary'

/**
 * Work that Ctrl-C or a stop signal cuts short: it then fails with `cancelled`, so that every `finally` is run. The
 * signal is for work that must not go on by itself after that.
 */
export async function unlessInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  let interrupt: () => void = () => {}
  const interrupted = new Promise<never>((_, reject) => {
    interrupt = () => {
      const reason = new FedError('cancelled', 'interrupted by hand')
      controller.abort(reason)
      reject(reason)
    }
  })
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  try {
    return await Promise.race([work(controller.signal), interrupted])
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
}

/**
 * Wait for Ctrl-C or a stop signal, then stop in order. A second signal leaves at once: what is stored is whole in any
 * case.
 */
export async function untilInterrupted(stop: () => Promise<void>, ended?: Promise<unknown>): Promise<void> {
  let interrupt: () => void = () => {}
  const interrupted = new Promise<void>((resolve) => {
    interrupt = resolve
  })
  let signals = 0
  const onSignal = (): void => {
    signals += 1
    if (signals > 1) process.exit(130)
    interrupt()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  try {
    await (ended === undefined ? interrupted : Promise.race([interrupted, ended]))
    await stop()
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}
