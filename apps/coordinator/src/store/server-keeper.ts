import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '@tessera/federation'
import type { FedError } from '@tessera/vocabulary'
import { type Server, type ServerPlace, startOnPort, startServer } from './postgres-server.ts'

/** With the pauses between them, half a minute. */
const STARTS = 10
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000

export interface ServerKeeper {
  readonly log: Log
  /** Told when the server can not be started again. */
  readonly failed: (error: FedError) => void
  /** Failed starts in a row after which it is given up; 10 when absent. */
  readonly starts?: number
}

/**
 * A server that is started again, on the same port, whenever it ends before `stop`. A start that fails because the disk
 * is full does not count: it is repeated until there is room.
 *
 * @throws {FedError} 'database-failed', 'disk-full' when it does not start the first time.
 */
export async function keepServer(
  place: ServerPlace,
  { log, failed, starts = STARTS }: ServerKeeper,
): Promise<Omit<Server, 'ended'>> {
  let server = await startServer(place)
  const { port } = server
  let stopped = false

  async function startAgain(): Promise<Server> {
    let failures = 0
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await startOnPort(place, port)
      } catch (error) {
        if ((error as FedError).code !== 'disk-full') failures += 1
        await sleep(pauseMs)
        if (stopped || failures === starts) throw error
      }
    }
  }

  async function keep(): Promise<void> {
    for (;;) {
      await server.ended
      if (stopped) return
      const endedAt = Date.now()
      log.warn('the embedded PostgreSQL ended by itself; it is started again', { port })
      server = await startAgain()
      if (stopped) return server.stop()
      log.info('the embedded PostgreSQL runs again', { port, outageMs: Date.now() - endedAt })
    }
  }

  const kept = keep().catch((error: FedError) => {
    if (!stopped) failed(error)
  })
  return {
    port,
    stop: async () => {
      stopped = true
      await server.stop()
      await kept
    },
  }
}
