import type { Observer } from '@tessera/federation'
import type { LiveMessage } from '@tessera/protocol'
import type { RunId } from '@tessera/vocabulary'
import type { RunQueries } from './run-queries.ts'

/** Changes that come closer together than this are told as one. */
const GATHER_MS = 100

/** Turns stored transitions and measurements into the live feed: whole views, read back from the database. */
export class LiveBroadcaster implements Observer {
  readonly #queries: RunQueries
  readonly #send: (message: LiveMessage) => void
  readonly #failed: (error: unknown) => void
  readonly #seen = new Map<RunId, number>()
  readonly #dirty = new Set<RunId>()
  #timer: NodeJS.Timeout | null = null
  #flushing: Promise<void> = Promise.resolve()

  constructor(queries: RunQueries, send: (message: LiveMessage) => void, failed: (error: unknown) => void) {
    this.#queries = queries
    this.#send = send
    this.#failed = failed
  }

  changed: Observer['changed'] = ({ runId }, state, event) => {
    if (!this.#seen.has(runId)) this.#seen.set(runId, state.seq - 1)
    if (event.type !== 'restarted') this.#mark(runId)
  }

  measured: Observer['measured'] = ({ runId }, metrics) => {
    for (const metric of metrics) this.#send({ type: 'metric', metric: { runId, ...metric } })
    this.#mark(runId)
  }

  /** The run is gone; what is being told of it now is told before. */
  removed(runId: RunId): void {
    this.#dirty.delete(runId)
    this.#seen.delete(runId)
    this.#flushing = this.#flushing.then(() => this.#send({ type: 'removed', runId })).catch(this.#failed)
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#dirty.clear()
    await this.#flushing
  }

  #mark(runId: RunId): void {
    this.#dirty.add(runId)
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      const runs = [...this.#dirty]
      this.#dirty.clear()
      this.#flushing = this.#flushing.then(async () => {
        for (const id of runs) await this.#tell(id)
      }, this.#failed)
      this.#flushing = this.#flushing.catch(this.#failed)
    }, GATHER_MS)
  }

  async #tell(id: RunId): Promise<void> {
    const run = await this.#queries.run(id)
    if (run === null) return
    this.#send({ type: 'run', run })
    for (const round of await this.#queries.rounds(id, 2)) this.#send({ type: 'round', round })
    const events = await this.#queries.events(id, { after: this.#seen.get(id) ?? 0, limit: 200 })
    for (const event of events) this.#send({ type: 'event', event })
    const last = events.at(-1)
    if (last !== undefined) this.#seen.set(id, last.seq)
  }
}
