import type { Residual } from '@tessera/federation'
import { type Assignment, hashBytes, publicMessage } from '@tessera/protocol'
import { type AssignmentId, asFedError, type ErrorCode, FedError, unwrap } from '@tessera/vocabulary'
import type { Backoff } from './backoff.ts'
import type { Bench } from './bench.ts'
import { uploadBlob } from './blob-transfer.ts'
import type { CoordinatorLink } from './coordinator-link.ts'
import type { FinishedWork } from './finished-work.ts'
import { CALLED_OFF, progressSender } from './progress-sender.ts'
import { errorReport, type WorkerReport } from './report.ts'
import type { ResultShelf } from './result-shelf.ts'

export interface WorkshopParts {
  readonly link: CoordinatorLink
  readonly bench: Bench
  readonly shelf: ResultShelf
  /** The pauses before work is tried again that something stood in the way of which passes. */
  readonly backoff: Backoff
  readonly report: (report: WorkerReport) => void
}

/** Refusals that say that a result will never be taken. */
const NEVER_TAKEN: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...CALLED_OFF,
  'duplicate-update',
  'invalid-message',
  'blob-too-large',
  'shape-mismatch',
  'unknown-codec',
  'corrupt-update',
  'not-finite',
  'grid-overflow',
])

interface CurrentWork {
  readonly id: AssignmentId
  readonly signal: { cancelled: boolean }
  /** The same assignment as it came once more while the coordinator had the end of this work to answer. */
  again: Assignment | null
}

/**
 * Assignments wait in a queue and are done one at a time. A result is kept, also over a restart, until the coordinator
 * has taken it: whatever breaks costs the sending again, never the training.
 */
export class Workshop {
  readonly #parts: WorkshopParts
  readonly #queue = new Map<AssignmentId, Assignment>()
  readonly #results = new Map<AssignmentId, FinishedWork>()
  #current: CurrentWork | null = null
  #working: Promise<void> = Promise.resolve()
  #busy = false
  #closed = false
  #pause: NodeJS.Timeout | undefined

  constructor(parts: WorkshopParts) {
    this.#parts = parts
  }

  /** Queue an assignment; false when it is in the queue already: the same assignment twice is the same work. */
  take(assignment: Assignment): boolean {
    const known = this.#queue.has(assignment.assignmentId)
    if (!known) this.#queue.set(assignment.assignmentId, assignment)
    else if (this.#current?.id === assignment.assignmentId) this.#current.again = assignment
    this.#wake()
    return !known
  }

  /** Call an assignment off; false when there is no such work. */
  cancel(id: AssignmentId): boolean {
    const known = this.#queue.delete(id)
    this.#results.delete(id)
    void this.#parts.shelf.drop(id)
    if (this.#current?.id === id) {
      this.#current.signal.cancelled = true
      this.#current.again = null
    }
    return known
  }

  /** The coordinator is there: what waits goes on at once, and what is kept of earlier work is wanted or dropped. */
  connected(): void {
    this.#parts.backoff.reset()
    this.#wake()
    void this.#askForKept()
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#pause)
    this.#queue.clear()
    if (this.#current !== null) this.#current.signal.cancelled = true
    await this.#working
    await this.#parts.bench.dispose()
  }

  #wake(): void {
    clearTimeout(this.#pause)
    if (this.#busy || this.#closed) return
    this.#busy = true
    this.#working = this.#drain().finally(() => {
      this.#busy = false
    })
  }

  /** Attend to all that waits, also to what comes meanwhile; what is held up is tried again after a pause. */
  async #drain(): Promise<void> {
    let heldUp: FedError | null = null
    for (const assignment of this.#queue.values()) {
      const error = await this.#attend(assignment)
      heldUp = error ?? heldUp
      if (error?.code === 'unreachable') break
      const { assignmentId: id } = assignment
      const isDone = error === null && this.#queue.get(id) === assignment // called off and given again is another one
      if (isDone) this.#queue.delete(id)
    }
    if (heldUp !== null) this.#wakeLater(heldUp)
  }

  #wakeLater(error: FedError): void {
    if (this.#closed) return
    const { backoff, report } = this.#parts
    const againInMs = Math.ceil(backoff.next())
    if (error.code !== 'unreachable') report({ type: 'trouble', error: errorReport(error), againInMs })
    this.#pause = setTimeout(() => this.#wake(), againInMs)
  }

  /** Do one assignment to its end; the error when it may succeed later as it is. */
  async #attend(assignment: Assignment): Promise<FedError | null> {
    const { assignmentId: id, round } = assignment
    const signal = { cancelled: false }
    this.#current = { id, signal, again: null }
    try {
      await this.#deliver(assignment, await this.#finish(assignment, signal))
      return null
    } catch (thrown) {
      const error = asFedError(thrown)
      if (error.code !== 'cancelled' && !signal.cancelled) {
        if (this.#passes(error, id)) return error
        await this.#giveUp(assignment, error)
      } else this.#parts.report({ type: 'cancelled', round })
      return null
    } finally {
      this.#current = null
    }
  }

  /** A result is given up only where the refusal speaks of it; a coordinator in trouble may want it later. */
  #passes({ code, retryable }: FedError, id: AssignmentId): boolean {
    return this.#results.has(id) ? !NEVER_TAKEN.has(code) : retryable || code === 'hello-required'
  }

  async #finish(assignment: Assignment, signal: { cancelled: boolean }): Promise<FinishedWork> {
    const { bench, shelf, link } = this.#parts
    const { assignmentId: id } = assignment
    const onProgress = progressSender(link, assignment, () => this.cancel(id))
    const before = await this.#residualFor(assignment)
    const kept = this.#results.get(id) ?? (await shelf.find(assignment, before))
    const work = kept ?? (await bench.produce(assignment, { before, signal, onProgress }))
    if (signal.cancelled) throw new FedError('cancelled', 'the work was called off')
    this.#results.set(id, work)
    if (!shelf.has(id)) await shelf.keep(work)
    return work
  }

  /** What the last result of the run has left: it has to be known first which was the last to be taken. */
  async #residualFor({ kind, runId, assignmentId }: Assignment): Promise<Residual | null> {
    if (kind === 'probe') return null
    const { shelf } = this.#parts
    for (const work of await shelf.open()) {
      const isEarlier = work.message.runId === runId && work.message.assignmentId !== assignmentId
      const error = isEarlier && work.residual !== null ? await this.#claim(work) : null
      if (error !== null) throw error
    }
    return shelf.residualOf(runId)
  }

  /** Ask, by its hash alone, whether a kept result was taken; the error when it may be wanted yet. */
  async #claim(work: FinishedWork): Promise<FedError | null> {
    const { link, shelf } = this.#parts
    const { message, bytes } = work
    const answer = await link.request({ ...message, blob: message.blob ?? hashBytes(bytes) })
    if (answer.ok) await shelf.take(work)
    else if (!NEVER_TAKEN.has(answer.error.code)) return answer.error
    else await shelf.drop(message.assignmentId)
    return null
  }

  async #deliver({ assignmentId: id, round, kind }: Assignment, work: FinishedWork): Promise<void> {
    const { message, bytes } = work
    const { link, report, backoff, shelf } = this.#parts
    if (message.blob !== null) await uploadBlob(link, message.blob, bytes)
    this.#hearAgain()
    unwrap(await link.request(message, message.blob === null ? bytes : undefined))
    backoff.reset()
    await shelf.take(work)
    this.#results.delete(id)
    report({ type: 'delivered', round, kind, bytes: bytes.length })
  }

  /** From now on the assignment does not come as a repetition, but because the coordinator gives the work out again. */
  #hearAgain(): void {
    if (this.#current !== null) this.#current.again = null
  }

  /**
   * Say why an assignment can not be done; a coordinator that refused the result knows already. It may give the work out
   * again before it answers: then it is another one, and what is said of it counts too.
   */
  async #giveUp({ runId, round, assignmentId: id }: Assignment, error: FedError): Promise<void> {
    const { link, report, shelf } = this.#parts
    const isKnown = this.#results.delete(id) && error.code !== 'blob-too-large'
    await shelf.drop(id)
    report({ type: 'refused', error: errorReport(error) })
    const { code } = error
    if (!isKnown) {
      this.#hearAgain()
      await link.request({ type: 'decline', runId, round, assignmentId: id, code, message: publicMessage(error) })
    }
    const again = this.#current?.again ?? null
    if (again === null || !this.#queue.delete(id)) return
    this.#queue.set(id, again) // at the end, where it is still to be attended
  }

  /** Results of an earlier process that are still wanted come back as assignments; the others are dropped. */
  async #askForKept(): Promise<void> {
    for (const work of await this.#parts.shelf.open()) {
      if (!this.#queue.has(work.message.assignmentId)) await this.#claim(work)
    }
  }
}
