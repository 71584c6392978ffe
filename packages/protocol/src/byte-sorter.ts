import type { AssignmentId, BlobHash, RunId } from '@tessera/vocabulary'
import type { Assignment, CoordinatorMessage } from './coordinator-messages.ts'
import type { ByteKind } from './ledger-view.ts'
import type { Reply } from './replies.ts'
import type { WorkerMessage } from './worker-messages.ts'

/** What some bytes of a client are counted under. */
export interface BytePlace extends Work {
  readonly kind: ByteKind
}

interface Work {
  /** Null while the client has no work. */
  readonly runId: RunId | null
  /** 0 for the passes before round 1, and without a run. */
  readonly round: number
  readonly pass: number
}

/** The last assignment of one run. */
interface Given {
  readonly assignmentId: AssignmentId
  readonly work: Work
  readonly blobs: ReadonlyMap<BlobHash, ByteKind>
  /** How far blobs have come: bytes downwards, chunks upwards. What lies before that has been sent once. */
  readonly reached: Map<BlobHash, number>
}

const NO_WORK: Work = { runId: null, round: 0, pass: 0 }

/**
 * Says for each message of one client which work and which kind its bytes belong to. Both ends of a connection sort by
 * the same rules from the same messages, so that their counts can be compared. A message that names no work belongs to
 * the one last spoken of. What is answered as a duplicate or refused to be sent again, what came damaged, and what is
 * sent once more is `retry`, and so is its answer.
 */
export class ByteSorter {
  readonly #given = new Map<RunId, Given>()
  #inHand = NO_WORK

  /** A message to the worker, and its answer; `again` when it was sent before. */
  told(message: CoordinatorMessage, again = false): BytePlace {
    const isKnown = message.type === 'assignment' && this.#give(message)
    return { ...this.#speakOf(message), kind: isKnown || again ? 'retry' : 'control' }
  }

  /** A worker's message, null when it came damaged, and its answer, null when none came. */
  exchange(request: WorkerMessage | null, answer: Reply | null): { request: BytePlace; answer: BytePlace } {
    const work = this.#speakOf(request)
    const given = work.runId === null ? undefined : this.#given.get(work.runId)
    const carriesUpdate = request?.type === 'update' || request?.type === 'store-chunk'
    const kinds = {
      request: carriesUpdate ? (work.round === 0 ? 'factors' : 'update') : 'control',
      answer: (answer?.type === 'chunk' && given?.blobs.get(answer.hash)) || 'control',
    } as const
    const isRetry = isWasted(request, answer) || (given !== undefined && isRepeated(given, request, answer))
    return {
      request: { ...work, kind: isRetry ? 'retry' : kinds.request },
      answer: { ...work, kind: isRetry ? 'retry' : kinds.answer },
    }
  }

  /** What carries the messages. */
  overhead(): BytePlace {
    return { ...this.#inHand, kind: 'control' }
  }

  /** The run is over: what moves from now on is none of its. */
  ended(runId: RunId): void {
    this.#given.delete(runId)
    if (this.#inHand.runId === runId) this.#inHand = NO_WORK
  }

  /** Whether this client was given it before. */
  #give(assignment: Assignment): boolean {
    const { runId, round, pass, assignmentId } = assignment
    const before = this.#given.get(runId)
    if (before?.assignmentId === assignmentId) return true
    const blobs = blobsOf(assignment)
    const reached = new Map([...(before?.reached ?? [])].filter(([hash]) => blobs.has(hash)))
    this.#given.delete(runId) // the newest is the last
    this.#given.set(runId, { assignmentId, work: { runId, round, pass }, blobs, reached })
    return false
  }

  #speakOf(message: WorkerMessage | CoordinatorMessage | null): Work {
    if (message !== null && 'runId' in message) {
      const { runId, round, assignmentId } = message
      const given = this.#given.get(runId)
      if (given === undefined) return { runId, round, pass: 0 } // of a run that is over
      this.#inHand = given.assignmentId === assignmentId ? given.work : { runId, round, pass: 0 }
    } else if (message?.type === 'fetch-blob') {
      this.#inHand = this.#givenWith(message.hash)?.work ?? this.#inHand
    }
    return this.#inHand
  }

  #givenWith(hash: BlobHash): Given | undefined {
    return [...this.#given.values()].findLast(({ blobs }) => blobs.has(hash))
  }
}

function blobsOf({ model, artefact, coordinates, step, baseChange }: Assignment): ReadonlyMap<BlobHash, ByteKind> {
  const blobs = new Map<BlobHash, ByteKind>(model.map(({ hash }) => [hash, 'model']))
  if (artefact !== null) blobs.set(artefact, 'factors')
  for (const hash of [coordinates, step?.hash, baseChange]) if (hash) blobs.set(hash, 'coordinates')
  return blobs
}

/** Nothing came of it, or nothing new. */
function isWasted(request: WorkerMessage | null, answer: Reply | null): boolean {
  if (request === null) return true
  if (answer?.type === 'refusal') return answer.retryable
  return answer?.type === 'accepted' && answer.duplicate && request.type !== 'progress'
}

/** Whether a piece of a blob moved that had moved before. */
function isRepeated({ reached }: Given, request: WorkerMessage | null, answer: Reply | null): boolean {
  let [from, to] = [0, 0]
  if (request?.type === 'fetch-blob' && answer?.type === 'chunk') {
    from = answer.offset
    to = Math.min(from + request.length, answer.size)
  } else if (request?.type === 'store-chunk' && answer?.type === 'stored') {
    from = answer.index
    to = from + 1
  } else return false
  const before = reached.get(request.hash) ?? 0
  reached.set(request.hash, Math.max(before, to))
  return from < before
}
