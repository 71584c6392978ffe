import { sampleCommit, sampleHash, sampleRecord } from '@tessera/testing'
import { clientId, runId } from '@tessera/vocabulary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beginRun, type OpenedDatabase, open, startOwnServer, type TestServer, withCode } from './databases.ts'

let server: TestServer
let database: OpenedDatabase

beforeAll(async () => {
  server = await startOwnServer()
  database = await open({ url: server.url })
})

afterAll(async () => {
  await database?.close()
  await server?.stop()
})

describe('what people read', () => {
  it('follows a round from its cohort to its commit', async () => {
    const record = await beginRun(database, 'round-of-two')
    const { store, gateway, queries } = database
    await store.commit(sampleCommit(record, 1, 'a'))
    const line = { runId: record.runId, round: 1, pass: 0, clientId: clientId('a') }
    await gateway.writeLedger(1, [
      { ...line, kind: 'update', up: 200, down: 0 },
      { ...line, kind: 'coordinates', up: 0, down: 3_000_000_000 },
      { ...line, kind: 'retry', up: 50, down: 0 },
    ])
    const [round] = await queries.rounds(record.runId)
    expect(round).toMatchObject({
      ...{ round: 1, kind: 'train', pass: 0, startedAt: 1001, committedAt: null },
      ...{
        uploadBytes: 250,
        downloadBytes: 3_000_000_000,
        retryBytes: 50,
        updateBytes: 16,
        plainBytes: 16,
        uploadFloorBytes: 16,
        downloadFloorBytes: 0,
        gridExponents: { min: -40, max: -40 },
      },
    })
    expect(round?.cohort.map(({ clientId: client, status, weight, loss }) => [client, status, weight, loss])).toEqual([
      ['a', 'delivered', 10, 1.5],
      ['b', 'assigned', null, null],
    ])

    const before = sampleCommit(record, 2, 'a').state
    const received = before.stage!.assignments.filter(({ status }) => status === 'received')
    const closed = {
      ...before,
      phase: 'aggregating' as const,
      stage: { ...before.stage!, closed: true, assignments: received },
    }
    await store.commit({ runId: record.runId, event: { type: 'deadline-passed', at: 2000 }, state: closed })
    const version = { round: 1, coordinates: sampleHash(33), factors: sampleHash(2), updateNorm: 0.5 }
    const finished = { ...closed, seq: 3, phase: 'finished' as const, round: 1, stage: null }
    await store.commit({ runId: record.runId, event: { type: 'committed', at: 3000 }, state: finished, version })

    expect(await queries.rounds(record.runId)).toMatchObject([
      {
        committedAt: 3000,
        coordinatesHash: sampleHash(33),
        updateNorm: 0.5,
        cohort: [{ status: 'delivered' }, { status: 'late' }],
      },
    ])
    expect(await queries.run(record.runId)).toMatchObject({
      ...{
        phase: 'finished',
        round: 1,
        rounds: 2,
        startedAt: 1001,
        finishedAt: 3000,
        method: 'lora-xs',
        rank: 2,
        seed: '7',
      },
      clients: [
        { clientId: 'a', rounds: 1, uploadBytes: 250, lastLoss: 1.5 },
        { clientId: 'b', rounds: 0, uploadBytes: 0, lastLoss: null },
      ],
    })
    expect((await queries.events(record.runId, { after: 1, limit: 10 })).map(({ seq, text }) => [seq, text])).toEqual([
      [2, 'the deadline passed'],
      [3, 'the round is committed'],
    ])
  })

  it('has the name of the exported adapter once it is set, and no run that is not there', async () => {
    const record = await beginRun(database, 'exported')
    await database.setAdapterHash(record.runId, sampleHash(5))
    expect((await database.queries.run(record.runId))?.adapterHash).toBe(sampleHash(5))
    expect((await database.queries.runs(1)).length).toBe(1)
    expect(await database.queries.run(sampleRecord('nobody').runId)).toBeNull()
    await expect(database.setAdapterHash(sampleRecord('nobody').runId, sampleHash(5))).rejects.toEqual(
      withCode('unknown-run'),
    )
  })

  it('adds the ledger up over pages and starts; the same lines again change nothing, those of no run are dropped', async () => {
    const record = await beginRun(database, 'paged')
    const { gateway, queries } = database
    const line = { runId: record.runId, round: 1, pass: 0, clientId: clientId('a'), kind: 'control' } as const
    const idle = { ...line, runId: null, round: 0, up: 7, down: 9 }
    await gateway.writeLedger(1, [{ ...line, up: 100, down: 1 }, idle])
    await gateway.writeLedger(1, [{ ...line, up: 120, down: 5_000_000_000 }, idle])
    await gateway.writeLedger(2, [{ ...line, up: 3, down: 0 }])
    await gateway.writeLedger(2, [{ ...line, runId: runId('gone'), up: 8, down: 8 }])
    const total = { uploadBytes: 123, uploadFloorBytes: 0, downloadBytes: 5_000_000_000, downloadFloorBytes: 0 }
    const entry = { client: 'a', round: null, kind: 'control', ...total }
    expect(await queries.ledger(record.runId, ['client', 'kind'])).toMatchObject({ entries: [entry], total })
    expect((await queries.ledger(null, [])).total).toMatchObject({ uploadBytes: 7, downloadBytes: 9 })
    await expect(queries.ledger(runId('gone'), [])).rejects.toEqual(withCode('unknown-run'))
    await database.store.deleteRun(record.runId)
    await beginRun(database, 'paged')
    expect((await queries.ledger(record.runId, [])).entries).toEqual([])
  })
})
