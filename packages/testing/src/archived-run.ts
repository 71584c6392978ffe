import {
  archiveOf,
  createMemoryStore,
  type LoggedEvent,
  type RunArchive,
  type RunRecord,
  type StoredUpdate,
  stageLayout,
  withRanks,
} from '@tessera/federation'
import type { BlobHash } from '@tessera/vocabulary'
import { type AssignmentMessage, createFederation, knownUpdate, packUpdate } from './in-process-federation.ts'
import type { StorySpec } from './run-story.ts'

export interface ArchivedRun {
  readonly spec: StorySpec
  /** SHA-256 of some bytes: updates are stored under the names of what is in them. */
  readonly hash: (bytes: Uint8Array) => BlobHash
  /** Whether this work is left undone; none by default, so the run finishes. */
  readonly leaves?: (message: AssignmentMessage) => boolean
}

/** A run of three clients in a memory store, as it is stored when all its work is done. */
export async function archiveRun({ spec, hash, leaves = () => false }: ArchivedRun): Promise<RunArchive> {
  const store = createMemoryStore()
  const federation = createFederation(spec, { store })
  const { record, engine, transport } = federation
  await engine.createRun(record)
  await federation.join()
  for (let sent = transport.takeAssignments(); sent.length > 0; sent = transport.takeAssignments()) {
    for (const { clientId, message } of sent.filter((work) => !leaves(work.message))) {
      const update = packUpdate(clientId, message, workOf(withRanks(record, federation.stateOf()), clientId, message))
      const answer = await engine.receive(record.runId, { ...update, hash: hash(update.bytes) }, {})
      if (!answer.ok && answer.error.code !== 'round-over') throw answer.error
    }
    await federation.rest()
  }
  await engine.close()
  const { pauseCause, message } = federation.stateOf()
  if (pauseCause === 'failure') throw new Error(message ?? 'the run failed')
  return archiveOf(store, record.runId)
}

/** Numbers of the right count that differ from client to client and from round to round. */
function workOf(record: RunRecord, client: string, { kind, pass, round }: AssignmentMessage): Float32Array {
  const { length } = stageLayout(record, { kind, index: kind === 'probe' ? pass : round })
  const known = knownUpdate(client, round + 1)
  return Float32Array.from({ length }, (_, at) => known[at % known.length]! / (1 + at))
}

/** The rows of a log with some of them changed, for an archive that was tampered with. */
export function withRows(
  archive: RunArchive,
  change: (rows: readonly LoggedEvent[]) => readonly LoggedEvent[],
): RunArchive {
  return {
    ...archive,
    async *events() {
      yield* change(structuredClone(await collect(archive.events())))
    },
  }
}

/** An archive whose stored updates were tampered with. */
export function withUpdates(
  archive: RunArchive,
  change: (update: StoredUpdate) => readonly StoredUpdate[],
): RunArchive {
  return {
    ...archive,
    async *updates(stage) {
      for await (const update of archive.updates(stage)) yield* change(update)
    },
  }
}

/** All that a stream gives. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
