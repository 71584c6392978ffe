import { asFedError } from '@tessera/vocabulary'
import { firstDifference } from './first-difference.ts'
import { initialState } from './initial-state.ts'
import { LogAltered } from './log-altered.ts'
import type { LoggedEvent } from './ports.ts'
import type { RunArchive } from './run-archive.ts'
import { chain } from './run-log.ts'
import type { RunState } from './run-state.ts'
import { transition } from './transition.ts'
import { findArrived } from './verify-updates.ts'

/** An event of the log between the states that it lies between. */
export interface ReplayedEvent {
  readonly row: LoggedEvent
  readonly before: RunState
  readonly after: RunState
}

/**
 * Fold a log from the beginning. An event's head is compared after the reader has had the event, so that the reader may
 * find a difference that says more than a broken chain does.
 *
 * @throws {LogAltered} At a number that is not the next one, an event that the state machine refuses, and a head that is
 *   not the chain's.
 */
export async function* replayLog(archive: RunArchive): AsyncGenerator<ReplayedEvent, void> {
  let state = startOf(archive)
  const rows = archive.events()[Symbol.asyncIterator]()
  for (let read = await rows.next(); !read.done; read = await rows.next()) {
    const row = read.value
    requireNext(state, row)
    const after = apply(archive, state, row)
    yield { row, before: state, after }
    if (after.head !== row.head) throw await headAltered(archive, { row, before: state, after }, rows)
    state = after
  }
}

/** The state before the first event. @throws {LogAltered} The record is none. */
export function startOf({ record }: RunArchive): RunState {
  try {
    return initialState(record)
  } catch (cause) {
    const found = { field: 'record', stored: null, recomputed: null, meaning: 'nothing can be made of its record' }
    throw new LogAltered({ seq: 0 }, found, { cause })
  }
}

function requireNext({ seq }: RunState, row: LoggedEvent): void {
  const expected = seq + 1
  if (row.seq === expected) return
  const meaning =
    row.seq > expected
      ? `it is missing: after event ${seq} the log goes on with event ${row.seq}`
      : `event ${row.seq} comes once more after event ${seq}`
  throw new LogAltered({ seq: expected }, { field: 'seq', stored: row.seq, recomputed: expected, meaning })
}

/** Of an event that no coordinator wrote nothing is certain: the state machine may refuse it or fail at it. */
function apply({ record }: RunArchive, state: RunState, row: LoggedEvent): RunState {
  let cause: unknown
  try {
    const next = transition(record, state, row.event)
    if (next.ok) return next.value.state
    cause = next.error
  } catch (error) {
    cause = error
  }
  const meaning = `a run that is ${state.phase} does not come to it: ${asFedError(cause).message}`
  throw new LogAltered(row, { field: 'type', stored: row.event?.type ?? null, recomputed: null, meaning }, { cause })
}

/** Which side of a broken link was altered is told by the next event, and by what the event speaks of. */
async function headAltered(
  archive: RunArchive,
  { row, before, after }: ReplayedEvent,
  rest: AsyncIterator<LoggedEvent>,
): Promise<LogAltered> {
  const { event, head } = row
  const broken = { field: 'head', stored: head, recomputed: after.head }
  const read = await rest.next()
  if (!read.done && chain(after.head, read.value.event) === read.value.head) {
    return new LogAltered(row, { ...broken, meaning: 'its head is not that of the log' })
  }
  const arrived = event.type === 'update-received' ? await findArrived(archive, before, event) : null
  const told = firstDifference(event, { ...event, ...arrived })
  if (told !== null) {
    const meaning = `its ${told.path} is not that of the update that is stored`
    return new LogAltered(row, { field: told.path, stored: told.left, recomputed: told.right, meaning })
  }
  const record = row.seq === 1 ? ', or the record of the run is another' : ''
  return new LogAltered(row, { ...broken, meaning: `it is not the event that was written here${record}` })
}
