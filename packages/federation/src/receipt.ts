import { type AssignmentId, type BlobHash, type ClientId, FedError, type RunId } from '@tessera/vocabulary'
import type { StageName } from './ports.ts'
import { replayLog } from './replay-log.ts'
import type { RunArchive } from './run-archive.ts'
import type { RunEvent, TimedEvent } from './run-events.ts'
import { roundOf } from './run-state.ts'

/**
 * That a client's update is in a round, for whoever knows a head of the run's log: the events from the arrival of the
 * update to the end of the log, as the texts that were hashed. SHA-256(`before.head`, newline, first text) is the head
 * after the first of them, and so on; the last is `after.head`, which the coordinator shows as the head of the log.
 */
export interface Receipt {
  readonly format: typeof RECEIPT_FORMAT
  readonly run: RunId
  readonly client: ClientId
  /** The pass or round that counts the update. */
  readonly stage: StageName
  readonly assignment: AssignmentId
  readonly update: { readonly hash: BlobHash; readonly weight: number }
  readonly before: LogPlace
  /** JSON, one event each. */
  readonly events: readonly string[]
  readonly after: LogPlace
}

/** A place in a log: the number of an event, and the head after it. */
export interface LogPlace {
  readonly seq: number
  readonly head: BlobHash
}

export const RECEIPT_FORMAT = 'tessera receipt 1'

/** Whose update, and in which round: 0 for the passes before round 1, null for the last round that counts one. */
export interface ReceiptSubject {
  readonly client: ClientId
  readonly round: number | null
}

interface Arrival {
  readonly event: Extract<RunEvent, { type: 'update-received' }>
  readonly stage: StageName
  readonly before: LogPlace
}

/**
 * The receipt of a client's update. The log is replayed first, so a receipt is only ever given of a whole one.
 *
 * @throws {LogAltered} The log is not what was written.
 * @throws {FedError} 'unknown-assignment': the client has no update in that round; 'run-not-finished': it has, and the
 *   round has no result yet.
 */
export async function makeReceipt(archive: RunArchive, subject: ReceiptSubject): Promise<Receipt> {
  const events: TimedEvent[] = []
  const arrivals: Arrival[] = []
  let after: LogPlace = archive.state
  for await (const { row, before, after: next } of replayLog(archive)) {
    const { event } = row
    events.push(event)
    after = next
    if (event.type !== 'update-received' || event.clientId !== subject.client || before.stage === null) continue
    const { kind, index } = before.stage
    arrivals.push({ event, stage: { kind, index }, before: { seq: before.seq, head: before.head } })
  }
  const { event, stage, before } = chooseArrival(archive, arrivals, events, subject)
  return {
    format: RECEIPT_FORMAT,
    run: archive.record.runId,
    client: event.clientId,
    stage,
    assignment: event.assignmentId,
    update: { hash: event.hash, weight: event.weight },
    before,
    events: events.slice(before.seq).map((told) => JSON.stringify(told)),
    after: { seq: after.seq, head: after.head },
  }
}

/** Where in these events, the arrival being the first, the stage that counts it has its result; null when it has none. */
export function findResult(events: readonly Pick<RunEvent, 'type'>[], kind: StageName['kind']): number | null {
  const results = kind === 'probe' ? ['pass-reduced', 'factors-made'] : ['committed']
  const at = events.findIndex(({ type }) => type === 'aborted' || results.includes(type))
  return at === -1 || events[at]?.type === 'aborted' ? null : at
}

function chooseArrival(
  { record }: RunArchive,
  arrivals: readonly Arrival[],
  events: readonly TimedEvent[],
  { client, round }: ReceiptSubject,
): Arrival {
  const asked = arrivals.filter(({ stage }) => round === null || roundOf(stage) === round)
  const counted = asked.filter(({ stage, before }) => findResult(events.slice(before.seq), stage.kind) !== null)
  const last = counted.at(-1)
  if (last !== undefined) return last
  const place = round === null ? `the run ${record.runId}` : `round ${round} of the run ${record.runId}`
  if (asked.length > 0) {
    throw new FedError(
      'run-not-finished',
      `the update of ${client} has arrived, and ${place} has no result with it yet`,
    )
  }
  throw new FedError('unknown-assignment', `the log tells of no update of ${client} in ${place}`, {
    fix: 'See who delivered what with `tessera runs show`.',
  })
}
