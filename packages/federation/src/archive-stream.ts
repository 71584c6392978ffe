import { assignmentId, blobHash, clientId, FedError } from '@tessera/vocabulary'
import { z } from 'zod'
import { ByteReader, type ByteStream } from './byte-reader.ts'
import type { LoggedEvent, StoredUpdate } from './ports.ts'
import type { RunArchive } from './run-archive.ts'

/** What an archive knows before its first event. */
export type ArchiveHeader = Pick<RunArchive, 'record' | 'state' | 'versions'>

/** A log on its way: lines of JSON, the header and then an event each. */
export async function* encodeLog(archive: ArchiveHeader & Pick<RunArchive, 'events'>): ByteStream {
  const { record, state, versions } = archive
  yield encodeLine({ record, state, versions })
  for await (const row of archive.events()) yield encodeLine(row)
}

/** The same, read as it comes. @throws {FedError} 'malformed-frame', of `events` too. */
export async function decodeLog(stream: ByteStream): Promise<ArchiveHeader & Pick<RunArchive, 'events'>> {
  const reader = new ByteReader(stream)
  const header = parseLine(await reader.line(), headerLine) as unknown as ArchiveHeader
  return { ...header, events: () => rowsOf(reader) }
}

/** Updates on their way: a line of JSON each, with its bytes after it. */
export async function* encodeUpdates(updates: AsyncIterable<StoredUpdate>): ByteStream {
  for await (const { bytes, ...update } of updates) {
    yield encodeLine({ ...update, size: bytes.length })
    yield bytes
  }
}

/** The same, read as they come. @throws {FedError} 'malformed-frame' */
export async function* decodeUpdates(stream: ByteStream): AsyncGenerator<StoredUpdate, void> {
  const reader = new ByteReader(stream)
  try {
    for (let line = await reader.line(); line !== null; line = await reader.line()) {
      const { size, ...update } = parseLine(line, updateLine)
      yield { ...update, bytes: await reader.bytes(size) }
    }
  } finally {
    await reader.close()
  }
}

async function* rowsOf(reader: ByteReader): AsyncGenerator<LoggedEvent, void> {
  try {
    for (let line = await reader.line(); line !== null; line = await reader.line()) {
      yield parseLine(line, rowLine) as LoggedEvent
    }
  } finally {
    await reader.close()
  }
}

/** What the fields hold is not believed but checked; here they only have to be there. */
const headerLine = z.object({
  record: z.looseObject({}),
  state: z.looseObject({ seq: z.int() }),
  versions: z.array(z.looseObject({ round: z.int() })),
})
const rowLine = z.object({ seq: z.int(), event: z.unknown(), head: z.string() })
const updateLine = z.object({
  assignmentId: z.string().transform(assignmentId),
  clientId: z.string().transform(clientId),
  weight: z.number(),
  codec: z.string(),
  length: z.int(),
  hash: z.string().transform(blobHash),
  size: z.int().nonnegative(),
})

const encodeLine = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value)}\n`)

function parseLine<T>(line: string | null, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(line ?? ''))
  } catch (cause) {
    throw new FedError('malformed-frame', 'a line of the answer of the coordinator can not be read', { cause })
  }
}
