import { createHash } from 'node:crypto'
import { chain, genesis, type LoggedEvent, type TimedEvent } from '@tessera/federation'
import { describeStore, sampleCommit, sampleHash, sampleState } from '@tessera/testing'
import { blobHash, clientId, type RunId } from '@tessera/vocabulary'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beginRun, type OpenedDatabase, open, query, SERVERS, type TestServer, withCode } from './databases.ts'

const DAY_MS = 24 * 60 * 60 * 1000

let server: TestServer
let url: string
let database: OpenedDatabase

for (const [name, start] of SERVERS) {
  describe(name, () => {
    beforeAll(async () => {
      server = await start()
      url = await server.emptyDatabase('tests')
      database = await open({ url })
    })
    afterAll(async () => {
      await database?.close()
      await server?.stop()
    })
    describeStore(name, async () => {
      const { store, queries, close } = await open({ url: await server.emptyDatabase('laws') })
      const metricsOf = async (id: RunId) => (await queries.metrics(id)).map(({ runId: _, ...metric }) => metric)
      return { store, metricsOf, close }
    })
    describe('a log', describeLog)
    describe('what workers leave', describeUploads)
  })
}

async function collect(log: AsyncIterable<LoggedEvent>): Promise<LoggedEvent[]> {
  const rows: LoggedEvent[] = []
  for await (const row of log) rows.push(row)
  return rows
}

function describeLog(): void {
  it('gives back every number of an event bit for bit, so that the chain of hashes can be computed again', async () => {
    const record = await beginRun(database, 'all-numbers')
    let [head, seq] = [genesis(record), 0]
    const numbers = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(numbers, async (largestUpdate) => {
        seq += 1
        const event: TimedEvent = {
          type: 'aggregated',
          coordinates: sampleHash(1),
          largestUpdate,
          updateNorm: 1,
          at: seq,
        }
        head = chain(head, event)
        await database.store.commit({ runId: record.runId, event, state: { ...sampleState(record, seq), head } })
      }),
      { numRuns: 50 },
    )
    const log = await collect(database.store.eventsOf(record.runId))
    expect(log).toHaveLength(seq)
    const again = log.reduce((before, { event }) => chain(before, event), genesis(record))
    expect([log.at(-1)?.head, again]).toEqual([head, head])
  })

  it('of 1203 events is read in its order, page by page', async () => {
    const { runId } = await beginRun(database, 'long-log')
    await query(
      url,
      `INSERT INTO "Event" ("runId", "seq", "type", "at", "data", "head")
       SELECT '${runId}', n, 'deadline-passed', to_timestamp(n / 1000.0), json_build_object('type', 'deadline-passed', 'at', n), 'head ' || n
       FROM generate_series(1203, 1, -1) AS n`,
    )
    const log = await collect(database.store.eventsOf(runId))
    expect(log.map(({ seq }) => seq)).toEqual(Array.from({ length: 1203 }, (_, at) => at + 1))
    expect(log[1202]).toEqual({ seq: 1203, event: { type: 'deadline-passed', at: 1203 }, head: 'head 1203' })
  })
}

function describeUploads(): void {
  const bytes = Uint8Array.from({ length: 600_000 }, (_, at) => (at * 7) % 256)
  const place = { hash: blobHash(createHash('sha256').update(bytes).digest('hex')), size: bytes.length }
  const chunk = (index: number) => bytes.slice(index * 262_144, (index + 1) * 262_144)

  it('is a blob when the last of its chunks is here, in any order and more than once', async () => {
    const { gateway, store } = database
    expect(await gateway.missingChunks(place, 100)).toEqual([0, 1, 2])
    expect(await gateway.missingChunks(place, 2)).toEqual([0, 1])
    for (const index of [2, 0, 2]) {
      expect(await gateway.storeChunk(place, index, chunk(index))).toEqual({ ok: true, value: { complete: false } })
    }
    expect(await gateway.missingChunks(place, 100)).toEqual([1])
    expect(await store.readBlob(place.hash)).toBeNull()
    expect(await gateway.storeChunk(place, 1, chunk(1))).toEqual({ ok: true, value: { complete: true } })
    expect(await gateway.missingChunks(place, 100)).toEqual([])
    expect(Buffer.compare((await store.readBlob(place.hash))!, bytes)).toBe(0)
  })

  it('is nothing when the whole has another hash: hash-mismatch, and every chunk is missing again', async () => {
    const { gateway, store } = database
    const other = { hash: sampleHash(77), size: 262_145 }
    await gateway.storeChunk(other, 0, chunk(0))
    const last = await gateway.storeChunk(other, 1, Uint8Array.of(1))
    expect(last).toEqual({ ok: false, error: withCode('hash-mismatch') })
    expect(await gateway.missingChunks(other, 100)).toEqual([0, 1])
    expect(await store.readBlob(other.hash)).toBeNull()
  })

  it('is refused with invalid-message when the blob can not have such a chunk', async () => {
    const refused = { ok: false, error: withCode('invalid-message') }
    expect(await database.gateway.storeChunk(place, 3, Uint8Array.of(1))).toEqual(refused)
    expect(await database.gateway.storeChunk(place, 0, Uint8Array.of(1))).toEqual(refused)
  })

  it('makes one blob of chunks that arrive at the same time', async () => {
    const whole = bytes.map((byte) => byte ^ 1)
    const at = { hash: blobHash(createHash('sha256').update(whole).digest('hex')), size: whole.length }
    const stored = await Promise.all(
      [0, 1, 2].map((index) =>
        database.gateway.storeChunk(at, index, whole.slice(index * 262_144, (index + 1) * 262_144)),
      ),
    )
    expect(stored.map((result) => result.ok && result.value.complete).sort()).toEqual([false, false, true])
  })

  it('belongs to a client that proves to be the same one, or is refused with unauthorized', async () => {
    const client = { clientId: clientId('north'), secret: 'its own random key', device: 'cpu\u0000', software: 'x 1' }
    expect((await database.gateway.admit({ ...client, examples: 10 })).ok).toBe(true)
    expect((await database.gateway.admit({ ...client, examples: 12 })).ok).toBe(true)
    const stranger = await database.gateway.admit({ ...client, secret: 'another random key', examples: 99 })
    expect(stranger).toEqual({ ok: false, error: withCode('unauthorized') })
    expect(await database.queries.workers()).toMatchObject([{ clientId: 'north', device: 'cpu', examples: 12 }])
  })

  it('is there no more a day after its last chunk, and until then it is', async () => {
    const { gateway, sweepUploads } = database
    const half = { hash: sampleHash(4711), size: 300_000 }
    await gateway.storeChunk(half, 0, new Uint8Array(262_144))
    await sweepUploads(Date.now() + DAY_MS - 60_000)
    expect(await gateway.missingChunks(half, 100)).toEqual([1])
    await sweepUploads(Date.now() + DAY_MS + 60_000)
    expect(await gateway.missingChunks(half, 100)).toEqual([0, 1])
  })

  it('stays, however old it is, when it is what a run made', async () => {
    const { store, sweepUploads } = database
    const record = await beginRun(database, 'keeper')
    const made = { hash: sampleHash(4712), bytes: Uint8Array.of(1, 2, 3) }
    await store.commit({ ...sampleCommit(record, 1), blobs: [made] })
    await sweepUploads(Date.now() + 2 * DAY_MS)
    expect(await store.readBlob(made.hash)).toEqual(made.bytes)
  })

  it('is kept once: an upload goes when it is stored as an update', async () => {
    const { gateway, store } = database
    const record = await beginRun(database, 'large-update')
    const update = { ...sampleCommit(record, 1).update!, hash: place.hash, bytes }
    for (const index of [0, 1, 2]) await gateway.storeChunk(place, index, chunk(index))
    await store.commit({ ...sampleCommit(record, 1), update })
    expect(await store.readBlob(place.hash)).toBeNull()
    for await (const kept of store.updatesOf(record.runId, { kind: 'train', index: 1 })) {
      expect(Buffer.compare(kept.bytes, bytes)).toBe(0)
    }
    expect(await store.updateHash(update.assignmentId)).toBe(place.hash)
  })

  it('is there no more when the last run under way ends', async () => {
    const idle = await open({ url: await server.emptyDatabase('idle') })
    const half = { hash: sampleHash(4713), size: 300_000 }
    const runs = [await beginRun(idle, 'first'), await beginRun(idle, 'second')]
    await idle.gateway.storeChunk(half, 0, new Uint8Array(262_144))
    for (const [at, record] of runs.entries()) {
      expect(await idle.gateway.missingChunks(half, 100)).toEqual([1])
      const state = { ...sampleState(record, 1), phase: 'abandoned' as const, stage: null }
      await idle.store.commit({ runId: record.runId, event: { type: 'aborted', reason: 'enough', at }, state })
    }
    expect(await idle.gateway.missingChunks(half, 100)).toEqual([0, 1])
    await idle.close()
  })
}
