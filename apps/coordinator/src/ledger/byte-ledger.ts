import { type BytePlace, ByteSorter } from '@tessera/protocol'
import { asFedError, type ClientId, type RunId } from '@tessera/vocabulary'

/** Bytes from a worker, and bytes to it. */
export interface Moved {
  readonly up: number
  readonly down: number
}

/** All that was counted at one place for one client; no client before a hello. */
export interface LedgerLine extends BytePlace, Moved {
  readonly clientId: ClientId | null
}

/**
 * Stores lines of a page in place of those that it had: to write the same again changes nothing, whatever became of
 * the answer. A page belongs to one start of the coordinator.
 */
export type WriteLedger = (page: number, lines: readonly LedgerLine[]) => Promise<void>

/** What a killed coordinator loses of the ledger. */
const WRITE_EVERY_MS = 1000

/** Lines in memory; when there are more, the next ones begin a new page. */
const LINES_OF_A_PAGE = 4096

/** Counts in memory, a map look-up a message, and writes what has changed every second and whenever it is asked to. */
export class ByteLedger {
  readonly #store: WriteLedger
  readonly #failed: (error: unknown) => void
  readonly #sorters = new Map<ClientId, ByteSorter>()
  readonly #lines = new Map<string, LedgerLine & { up: number; down: number }>()
  readonly #changed = new Set<LedgerLine>()
  #page = 1
  #timer: NodeJS.Timeout | undefined
  #written: Promise<void> = Promise.resolve()

  /** @param failed Told when lines can not be written for another reason than one that passes; they are kept. */
  constructor(store: WriteLedger, failed: (error: unknown) => void) {
    this.#store = store
    this.#failed = failed
  }

  /** What knows the work of this client, over all its connections. */
  sorterOf(client: ClientId): ByteSorter {
    const sorter = this.#sorters.get(client) ?? new ByteSorter()
    this.#sorters.set(client, sorter)
    return sorter
  }

  /** The run is over: what moves from now on is none of its. */
  ended(run: RunId): void {
    for (const sorter of this.#sorters.values()) sorter.ended(run)
  }

  count(client: ClientId | null, { runId, round, pass, kind }: BytePlace, { up, down }: Moved): void {
    if (up === 0 && down === 0) return
    const key = `${client} ${runId} ${round} ${pass} ${kind}`
    const line = this.#lines.get(key) ?? { clientId: client, runId, round, pass, kind, up: 0, down: 0 }
    this.#lines.set(key, line)
    line.up += up
    line.down += down
    this.#changed.add(line)
    this.#timer ??= this.#writeSoon()
  }

  /** Write what has changed; never rejects, what can not be written now is written later. */
  flush(): Promise<void> {
    this.#written = this.#written.then(() => this.#write())
    return this.#written
  }

  async close(): Promise<void> {
    await this.flush()
    clearTimeout(this.#timer)
  }

  #writeSoon(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = undefined
      void this.flush()
    }, WRITE_EVERY_MS)
  }

  async #write(): Promise<void> {
    const lines = [...this.#changed]
    if (lines.length === 0) return
    this.#changed.clear()
    try {
      await this.#store(this.#page, lines)
      if (this.#lines.size > LINES_OF_A_PAGE && this.#changed.size === 0) this.#turn()
    } catch (error) {
      for (const line of lines) this.#changed.add(line)
      this.#timer ??= this.#writeSoon()
      if (!asFedError(error).retryable) this.#failed(error)
    }
  }

  #turn(): void {
    this.#lines.clear()
    this.#page += 1
  }
}
