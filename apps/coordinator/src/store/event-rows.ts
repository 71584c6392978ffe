import type { Event, PrismaClient } from '@prisma/client'
import type { Commit, LoggedEvent, TimedEvent } from '@tessera/federation'
import { blobHash, type RunId } from '@tessera/vocabulary'
import type { PersistentCalls } from './persistent-calls.ts'
import { needRun } from './run-rows.ts'
import { fromJson } from './stored-values.ts'

const PAGE = 500

/** A run's log, oldest first, in pages: a long one does not fit into memory. @throws {FedError} 'unknown-run' */
export async function* readEvents(
  client: PrismaClient,
  runId: RunId,
  { persist }: PersistentCalls,
): AsyncIterable<LoggedEvent> {
  await persist(() => needRun(client, runId))
  for (let last = 0; ; ) {
    const after = { runId, seq: { gt: last } }
    const rows = await persist(() => client.event.findMany({ where: after, orderBy: { seq: 'asc' }, take: PAGE }))
    for (const row of rows) yield { seq: row.seq, event: eventOf(row), head: blobHash(row.head) }
    if (rows.length < PAGE) return
    last = rows[PAGE - 1]?.seq ?? last
  }
}

/**
 * The event of a row. Type and time are columns besides, for people to look for; where they say something else, one of
 * both was altered, and what the row says is not the event that was hashed.
 */
function eventOf({ type, at, data }: Event): TimedEvent {
  const event = fromJson<TimedEvent>(data)
  const same = event?.type === type && new Date(event.at).getTime() === at.getTime()
  return same ? event : Object.assign({ ...event }, { row: { type, at: at.getTime() } })
}

/** Whether the log holds this event, after this history. */
export async function isLogged(client: PrismaClient, { runId, state: { seq, head } }: Commit): Promise<boolean> {
  const found = await client.event.findUnique({ where: { runId_seq: { runId, seq } }, select: { head: true } })
  return found?.head === head
}
