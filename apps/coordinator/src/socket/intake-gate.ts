import { err, FedError, type Result, type RunId } from '@tessera/vocabulary'

export interface IntakeLimits {
  /** Updates of one run that are in memory decoded or copied at once; the run takes them one after the other anyway. */
  readonly atOnce: number
  /** Bytes of all updates that may wait for their turn. */
  readonly waitingBytes: number
}

/**
 * Lets the updates of each run in one after the other, so that the coordinator's memory does not grow with the number of
 * workers that finish at the same time. What finds no room to wait is refused with `overloaded` and sent again later.
 */
export class IntakeGate {
  readonly #limits: IntakeLimits
  readonly #lines = new Map<RunId, { inside: number; readonly waiting: (() => void)[] }>()
  #waitingBytes = 0

  constructor(limits: IntakeLimits) {
    this.#limits = limits
  }

  /** Do the work of taking in an update whose message holds so many bytes. */
  async pass<T>(run: RunId, bytes: number, work: () => Promise<Result<T, FedError>>): Promise<Result<T, FedError>> {
    const line = this.#lines.get(run) ?? { inside: 0, waiting: [] }
    this.#lines.set(run, line)
    if (line.inside < this.#limits.atOnce) line.inside += 1
    else {
      if (this.#waitingBytes + bytes > this.#limits.waitingBytes) {
        return err(new FedError('overloaded', 'too many updates wait to be taken in', { fix: 'Send it again later.' }))
      }
      this.#waitingBytes += bytes
      await new Promise<void>((resolve) => line.waiting.push(resolve))
      this.#waitingBytes -= bytes
    }
    try {
      return await work()
    } finally {
      const next = line.waiting.shift()
      if (next !== undefined)
        next() // its place is handed on
      else if (--line.inside === 0) this.#lines.delete(run)
    }
  }
}
