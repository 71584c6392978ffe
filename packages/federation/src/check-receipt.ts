import { hashBytes } from '@tessera/protocol'
import {
  assignmentId,
  type BlobHash,
  blobHash,
  clientId,
  err,
  FedError,
  ok,
  type Result,
  runId,
} from '@tessera/vocabulary'
import { z } from 'zod'
import { nameAssignment } from './assignment-name.ts'
import { findResult, type LogPlace, RECEIPT_FORMAT, type Receipt } from './receipt.ts'
import type { TimedEvent } from './run-events.ts'
import { chain } from './run-log.ts'
import { roundOf } from './run-state.ts'

/** What a third party knows besides the file; whatever is given must fit. */
export interface ReceiptEvidence {
  /** A head of the run's log, from whoever published it: that of the round's result, or a later one. */
  readonly head?: BlobHash
  /** The encoded update. */
  readonly update?: Uint8Array
  readonly client?: string
  readonly run?: string
}

/** What a receipt that holds proves. */
export interface ProvenReceipt {
  readonly receipt: Receipt
  readonly round: number
  /** When the update arrived, and when the round had its result: milliseconds since 1970. */
  readonly arrivedAt: number
  readonly countedAt: number
  /** What the round made: coordinates, or the panel or factors of a pass. */
  readonly made: BlobHash
  /** The event whose head is the one that was given; null where none was. */
  readonly published: LogPlace | null
}

const hashField = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .transform(blobHash)
const placeField = z.strictObject({ seq: z.int().nonnegative(), head: hashField })
const eventShape = z.looseObject({ type: z.string(), at: z.number() })
const receiptFile = z.strictObject({
  format: z.literal(RECEIPT_FORMAT),
  run: z.string().min(1).transform(runId),
  client: z.string().min(1).transform(clientId),
  stage: z.strictObject({ kind: z.enum(['probe', 'train']), index: z.int().nonnegative() }),
  assignment: z.string().min(1).transform(assignmentId),
  update: z.strictObject({ hash: hashField, weight: z.int().positive() }),
  before: placeField,
  events: z.array(z.string()).nonempty(),
  after: placeField,
})

/**
 * Check a receipt with nothing but its text and what is known besides. Without a published head it proves only that it
 * is whole: then compare `receipt.after.head` with what the coordinator shows.
 *
 * Errors: 'invalid-receipt'.
 */
export function checkReceipt(text: string, evidence: ReceiptEvidence = {}): Result<ProvenReceipt, FedError> {
  const parsed = parseReceipt(text)
  if (!parsed.ok) return parsed
  const { receipt, events } = parsed.value
  const heads = headsOf(receipt, events)
  const result = findResult(events, receipt.stage.kind)
  const told = result === null ? null : madeBy(events.slice(0, result + 1))
  const wrong = untrueOf(receipt, events, heads) ?? unlike(receipt, evidence)
  if (wrong !== null) return refuse(wrong)
  if (result === null || told === null) return refuse('its events do not come to the result of the round')
  const published = heads.slice(result).find(({ head }) => head === evidence.head) ?? null
  if (evidence.head !== undefined && published === null) {
    return refuse(`it does not lead to the head ${evidence.head}: it is of another log, or of an earlier time`)
  }
  const [arrival, end] = [events[0] as TimedEvent, events[result] as TimedEvent]
  return ok({
    ...{ receipt, published, made: told, round: roundOf(receipt.stage) },
    ...{ arrivedAt: arrival.at, countedAt: end.at },
  })
}

function parseReceipt(text: string): Result<{ receipt: Receipt; events: readonly TimedEvent[] }, FedError> {
  try {
    const receipt: Receipt = receiptFile.parse(JSON.parse(text))
    return ok({ receipt, events: receipt.events.map(parseEvent) })
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : 'it is not whole'
    return refuse(`this is no receipt: ${reason}`, cause)
  }
}

/** Its keys stay in the order in which they were hashed. */
function parseEvent(text: string): TimedEvent {
  const event: unknown = JSON.parse(text)
  eventShape.parse(event)
  return event as TimedEvent
}

/** The places after each event. */
function headsOf({ before }: Receipt, events: readonly TimedEvent[]): LogPlace[] {
  let { seq, head } = before
  return events.map((event) => {
    head = chain(head, event)
    seq += 1
    return { seq, head }
  })
}

/** What in the receipt is not what its own events say; null where all is. */
function untrueOf(receipt: Receipt, events: readonly TimedEvent[], heads: readonly LogPlace[]): string | null {
  const { run, client, stage, assignment, update, after } = receipt
  const last = heads.at(-1)
  if (last?.head !== after.head || last.seq !== after.seq) return 'its events do not lead to its last head'
  const arrival = events[0]
  if (arrival?.type !== 'update-received') return 'its first event is no arrival of an update'
  if (arrival.clientId !== client) return `the update that arrived is of ${arrival.clientId}, not of ${client}`
  if (arrival.assignmentId !== assignment) return 'the update that arrived is of another assignment'
  if (arrival.hash !== update.hash || arrival.weight !== update.weight) return 'another update arrived'
  const given = /^(?:probe|train)-(\d+)\./.exec(assignment.slice(run.length + 1))
  const index = Number(given?.[1] ?? Number.NaN)
  const named = nameAssignment(run, { kind: stage.kind, index }, client) === assignment
  return named && index <= stage.index ? null : 'the assignment is not one of this run, client and round'
}

/** What in the receipt is not as the evidence says; null where all is. */
function unlike({ run, client, update }: Receipt, evidence: ReceiptEvidence): string | null {
  if (evidence.run !== undefined && evidence.run !== run) return `it is of the run ${run}, not of ${evidence.run}`
  if (evidence.client !== undefined && evidence.client !== client)
    return `it is of ${client}, not of ${evidence.client}`
  if (evidence.update === undefined || hashBytes(evidence.update) === update.hash) return null
  return 'the update that was given is not the one that arrived'
}

/** What the stage made, by the last of its events that says so. */
function madeBy(events: readonly TimedEvent[]): BlobHash | null {
  const made = events.flatMap((event) => {
    if (event.type === 'pass-reduced') return [event.panel]
    return event.type === 'aggregated' || event.type === 'factors-made' ? [event.coordinates] : []
  })
  return made.at(-1) ?? null
}

const refuse = (message: string, cause?: unknown): Result<never, FedError> =>
  err(new FedError('invalid-receipt', message, { cause, fix: 'Ask the coordinator for it again: tessera receipt.' }))
