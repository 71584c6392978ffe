import type { Fold } from '@tessera/aggregators'
import { hashBytes } from '@tessera/protocol'
import type { FedError } from '@tessera/vocabulary'
import { decodeUpdate } from './intake.ts'
import { LogAltered } from './log-altered.ts'
import type { LoggedEvent, StoredUpdate } from './ports.ts'
import type { RunArchive } from './run-archive.ts'
import type { RunEvent } from './run-events.ts'
import type { RunState, Stage } from './run-state.ts'
import { beginFold } from './stage-fold.ts'
import { withRanks } from './stage-layout.ts'
import { exactWeight } from './staleness.ts'

type UpdateReceived = Extract<RunEvent, { type: 'update-received' }>

/** The arrivals in the stage under way that the log tells of, by assignment. */
export type ReceivedUpdates = ReadonlyMap<string, Received>

export type Received = LoggedEvent & { readonly event: UpdateReceived }

/**
 * The stored updates of the stage under way, each checked: one that the log does not tell of, that has another hash,
 * weight or sender, or that is missing, is a difference. Nothing at all is fine where a run keeps only hashes.
 *
 * @param mayGrow Since the log was read, updates may have arrived and bytes may have been dropped.
 */
export async function* storedUpdates(
  archive: RunArchive,
  state: RunState,
  received: ReceivedUpdates,
  { mayGrow = false } = {},
): AsyncGenerator<StoredUpdate, void> {
  const seen = new Set<string>()
  for await (const update of archive.updates(state.stage as Stage)) {
    const told = received.get(update.assignmentId)
    if (told === undefined && mayGrow) continue
    if (told === undefined) throw untold(state, update)
    requireSame(told, update)
    seen.add(update.assignmentId)
    yield update
  }
  const dropped = seen.size === 0 && archive.record.spec.persist.updates === 'keep-hashes'
  const missing = [...received.values()].find(({ event }) => !seen.has(event.assignmentId))
  if (missing !== undefined && !dropped) throw lost(missing)
}

/** The fold of the stage under way, made again from what is stored of it; null where only hashes are kept. */
export async function foldUpdates(
  archive: RunArchive,
  state: RunState,
  received: ReceivedUpdates,
): Promise<Fold | null> {
  const record = withRanks(archive.record, state)
  const stage = state.stage as Stage
  const fold = await beginFold(archive.record, state, archive.blob)
  for await (const update of storedUpdates(archive, state, received)) {
    const decoded = decodeUpdate(record, stage, update)
    const added = decoded.ok ? fold.add(decoded.value, exactWeight(record, stage, update)) : decoded
    if (!added.ok) throw unusable(received.get(update.assignmentId) as Received, added.error)
  }
  return fold.count === 0 && received.size > 0 ? null : fold
}

/** Read all of them for the checks alone. */
export async function drain(updates: AsyncIterable<StoredUpdate>): Promise<void> {
  for await (const _update of updates);
}

/** What the stored update of an arrival says of itself; null where there is none. */
export async function findArrived(
  archive: RunArchive,
  { stage }: RunState,
  { assignmentId: id }: UpdateReceived,
): Promise<Pick<UpdateReceived, 'clientId' | 'weight' | 'hash'> | null> {
  if (stage === null) return null
  for await (const { assignmentId, clientId, weight, bytes } of archive.updates(stage)) {
    if (assignmentId === id) return { clientId, weight, hash: hashBytes(bytes) }
  }
  return null
}

function requireSame(told: Received, update: StoredUpdate): void {
  const { assignmentId, clientId, weight, hash } = told.event
  const compare = (field: string, stored: unknown, recomputed: unknown): void => {
    if (stored === recomputed) return
    const meaning = `the stored update is not the one that arrived: its ${field} is another`
    throw new LogAltered(told, { field: `update ${assignmentId}: ${field}`, stored, recomputed, meaning })
  }
  compare('bytes', hashBytes(update.bytes), hash)
  compare('hash', update.hash, hash)
  compare('weight', update.weight, weight)
  compare('client', update.clientId, clientId)
}

function untold({ seq }: RunState, { assignmentId, hash }: StoredUpdate): LogAltered {
  const meaning = 'an update is stored whose arrival the log does not tell'
  return new LogAltered({ seq }, { field: `update ${assignmentId}`, stored: hash, recomputed: null, meaning })
}

function unusable(told: Received, error: FedError): LogAltered {
  const { assignmentId, hash } = told.event
  const meaning = `the update could not have been counted: ${error.message}`
  return new LogAltered(told, { field: `update ${assignmentId}`, stored: hash, recomputed: null, meaning })
}

function lost(told: Received): LogAltered {
  const { assignmentId, hash } = told.event
  const meaning = 'the update that arrived is not stored any more'
  return new LogAltered(told, { field: `update ${assignmentId}`, stored: null, recomputed: hash, meaning })
}
