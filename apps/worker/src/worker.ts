import { type CoordinatorMessage, errorOf, PROTOCOL_VERSION } from '@tessera/protocol'
import { asFedError, type FedError } from '@tessera/vocabulary'
import { createBackoff } from './backoff.ts'
import { Bench } from './bench.ts'
import { createBlobCache } from './blob-cache.ts'
import { BlobDownloads } from './blob-transfer.ts'
import { type CoordinatorLink, openLink } from './coordinator-link.ts'
import { errorReport } from './report.ts'
import { ResultShelf } from './result-shelf.ts'
import type { WorkerOptions } from './worker-options.ts'
import { Workshop } from './workshop.ts'

export interface Worker {
  /** Settles when the worker is stopped, or with the error that no reconnect can mend. */
  readonly ended: Promise<FedError | null>
  stop(): Promise<void>
}

/** Refusals of `hello` that the same worker will get again and again. */
const HOPELESS = new Set(['unauthorized', 'unsupported-version', 'hello-required', 'invalid-message'])

/** The pauses before work is tried again that something stands in the way of. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000

/** Join a coordinator and do its assignments, one after the other, until stopped. */
export function startWorker(options: WorkerOptions): Worker {
  const { report } = options
  let end: (error: FedError | null) => void = () => {}
  const ended = new Promise<FedError | null>((resolve) => {
    end = resolve
  })
  const link: CoordinatorLink = openLink(options.url, {
    connected: () => void introduce(),
    disconnected: (reason) => report({ type: 'disconnected', reason }),
    received: (message) => receive(message),
  })
  const cache = createBlobCache(options.cacheFolder, options.identity.clientId)
  const bench = new Bench(options, new BlobDownloads(link, cache))
  const shelf = new ResultShelf(options.stateFolder, (error) =>
    report({ type: 'trouble', error: errorReport(error), againInMs: null }),
  )
  const backoff = createBackoff({ firstMs: FIRST_PAUSE_MS, longestMs: LONGEST_PAUSE_MS })
  const workshop = new Workshop({ link, bench, shelf, backoff, report })

  async function introduce(): Promise<void> {
    const { token, identity, data, executor, software } = options
    const answer = await link.request({
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      token,
      clientId: identity.clientId,
      clientSecret: identity.secret,
      examples: data.rows,
      device: executor.description.slice(0, 200),
      software,
    })
    if (answer.ok) {
      link.admitted()
      report({ type: 'connected', clientId: identity.clientId })
      workshop.connected()
    } else if (HOPELESS.has(answer.error.code)) await shutDown(answer.error)
    else {
      report({ type: 'disconnected', reason: answer.error.message })
      link.again()
    }
  }

  /** Take in one message; true when it was known already and changed nothing. */
  function receive(message: CoordinatorMessage): boolean {
    if (message.type === 'assignment') return !workshop.take(message)
    if (message.type === 'cancel') return !workshop.cancel(message.assignmentId)
    if (message.type === 'idle') report({ type: 'idle', message: message.message })
    else if (message.code === 'client-replaced')
      setImmediate(() => shutDown(errorOf(message))) // once it is answered
    else report({ type: 'refused', error: message })
    return false
  }

  let closed: Promise<void> | undefined

  /** However often it is asked for, it happens once, for the first reason. */
  function shutDown(error: FedError | null): Promise<void> {
    closed ??= closeDown(error)
    return closed
  }

  async function closeDown(error: FedError | null): Promise<void> {
    link.close()
    await workshop.close()
    report({ type: 'moved', bytes: link.moved() })
    end(error)
  }

  return {
    ended,
    async stop() {
      await link.request({ type: 'goodbye' }).catch(asFedError)
      await shutDown(null)
    },
  }
}
