import { startCoordinator } from '@tessera/coordinator'
import { chain, genesis, initialState } from '@tessera/federation'
import { hashBytes } from '@tessera/protocol'
import { sampleHash, sampleRecord } from '@tessera/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createApiClient } from '../../apps/cli/src/api-client.ts'
import { runningPostgres } from '../../apps/coordinator/src/store/embedded-postgres.ts'
import { MODEL, TOKEN } from '../protocol/coordinator-under-test.ts'
import { connectClient, helloOf, newSecret } from '../protocol/frame-client.ts'
import { open, query, startOwnServer } from './databases.ts'
import { createSmallDisk, type SmallDisk } from './small-disk.ts'

const MIB = 2 ** 20

let disk: SmallDisk

beforeEach(async () => {
  disk = await createSmallDisk()
})
afterEach(() => disk?.remove())

describe('a full disk', () => {
  it('pauses the runs while their events still fit, refuses uploads, and all goes on when there is room', async () => {
    const coordinator = await startCoordinator({
      ...{ port: 0, host: '127.0.0.1', dataFolder: disk.folder, token: TOKEN, logLevel: 'info' },
      diskReserveBytes: 64 * MIB,
      measureDisk: disk.freeBytes,
    })
    const api = createApiClient(coordinator.url, TOKEN)
    const runOf = async (id: string) => {
      const { phase, message } = await api.run(id)
      return { phase, message }
    }
    const runId = await api.createRun({ name: 'patient', model: MODEL, targets: ['q_proj'] })
    const worker = await connectClient(coordinator.url)
    await worker.send(helloOf('north', { token: TOKEN, secret: newSecret() }))
    const bytes = Uint8Array.of(1, 2, 3)
    const chunk = { type: 'store-chunk', hash: hashBytes(bytes), size: 3, index: 0 }

    await disk.fill(40)
    await expect
      .poll(() => runOf(runId), { timeout: 60_000 })
      .toEqual({
        phase: 'paused',
        message: expect.stringContaining('MiB of the disk are free, 64 MiB are kept'),
      })
    expect(await worker.send(chunk, bytes)).toMatchObject({ type: 'refusal', code: 'disk-full', retryable: true })

    await disk.clear()
    await expect.poll(() => runOf(runId), { timeout: 60_000 }).toEqual({ phase: 'recruiting', message: null })
    expect(await worker.send(chunk, bytes)).toMatchObject({ type: 'stored', complete: true })
    const offer = (size: number) => worker.send({ type: 'offer-blob', hash: sampleHash(size), size })
    expect(await offer(2 ** 39)).toMatchObject({ type: 'refusal', code: 'disk-full', retryable: true })
    expect(await offer(MIB)).toMatchObject({ type: 'wanted', missing: [0, 1, 2, 3] })
    worker.drop()
    await coordinator.stop()
  })

  it('to its last byte, with the database on it, loses no event: what could not be written is written later', async () => {
    const { store, log, losses, close } = await open({ dataFolder: disk.folder })
    const record = sampleRecord('to-the-last-byte')
    let state = initialState(record)
    await store.createRun(record, state)
    const commitOne = () => {
      const seq = state.seq + 1
      const event = { type: 'deadline-passed', at: seq } as const
      state = { ...state, seq, head: chain(state.head, event) }
      // Bytes that PostgreSQL can not make smaller.
      const bytes = Uint8Array.from({ length: MIB }, (_, at) => (Math.imul(at + seq, 2654435761) >>> 13) & 0xff)
      return store.commit({ runId: record.runId, event, state, blobs: [{ hash: sampleHash(seq), bytes }] })
    }
    await commitOne()
    await makeFull()
    const isTold = () => log.lines.some(({ data }) => data.code === 'disk-full' || data.code === 'database-unreachable')
    const commits = (async () => {
      while (!isTold()) await commitOne()
      for (let more = 0; more < 3; more++) await commitOne()
    })()
    await expect.poll(isTold, { timeout: 60_000 }).toBe(true)
    await makeRoom()
    await commits

    let head = genesis(record)
    let seq = 0
    for await (const row of store.eventsOf(record.runId)) {
      head = chain(head, row.event)
      expect([row.seq, row.head]).toEqual([++seq, head])
    }
    expect([seq, head]).toEqual([state.seq, state.head])
    expect((await store.readBlob(sampleHash(seq)))?.length).toBe(MIB)
    expect(losses).toEqual([])
    await close()
  })
})

describe("a full disk of a database of one's own", () => {
  it('is said by the health and by every run under way, until there is room and what waited is stored', async () => {
    const server = await startOwnServer()
    const databaseUrl = await server.emptyDatabase('without_room')
    const place = { port: 0, host: '127.0.0.1', dataFolder: disk.folder, databaseUrl, token: TOKEN, logLevel: 'info' }
    const coordinator = await startCoordinator(place)
    const api = createApiClient(coordinator.url, TOKEN)
    const runId = await api.createRun({ name: 'patient', model: MODEL, targets: ['q_proj'] })
    const said = async () => {
      const health = await fetch(`${coordinator.url}/api/health`, { headers: { authorization: `Bearer ${TOKEN}` } })
      const { database } = (await health.json()) as { database: string }
      const { phase, waiting } = await api.run(runId)
      return { status: health.status, database, phase, waiting }
    }
    const well = { status: 200, database: 'ok', phase: 'recruiting', waiting: expect.stringMatching(/^waits for/) }
    expect(await said()).toEqual(well)
    await query(databaseUrl, FULL_FOR_EVENTS)
    const pausing = api.steer(runId, 'pause')
    await expect.poll(said, { timeout: 60_000 }).toEqual({
      ...{ status: 503, database: 'disk-full', phase: 'recruiting' },
      waiting: expect.stringMatching(/^the database's disk is full: .*; waits for/),
    })
    await query(databaseUrl, ROOM_FOR_EVENTS)
    await pausing
    expect(await said()).toEqual({ ...well, phase: 'paused', waiting: 'waits for somebody to resume it' })
    await coordinator.stop()
    await server.stop()
  })
})

/** A server whose disk has no room for events, as PostgreSQL says it. */
const FULL_FOR_EVENTS = `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100', MESSAGE = 'could not extend file: No space left on device'; END $$;
  CREATE TRIGGER full_disk BEFORE INSERT ON "Event" FOR EACH ROW EXECUTE FUNCTION full_disk()`
const ROOM_FOR_EVENTS = 'DROP TRIGGER full_disk ON "Event"'

/** Nothing more can be written; where no disk can be filled, PostgreSQL says so of every event. */
async function makeFull(): Promise<void> {
  if (disk.isReal) return disk.fill(0)
  await query((await runningPostgres(disk.folder)) as string, FULL_FOR_EVENTS)
}

async function makeRoom(): Promise<void> {
  if (disk.isReal) return disk.clear()
  await query((await runningPostgres(disk.folder)) as string, ROOM_FOR_EVENTS)
}
