import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Coordinator, startCoordinator } from '@tessera/coordinator'
import { stageLayout } from '@tessera/federation'
import { hashBytes, type RunView } from '@tessera/protocol'
import { type AssignmentMessage, createFederation, knownUpdate, packUpdate } from '@tessera/testing'
import { unwrap } from '@tessera/vocabulary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { open, query, startOwnServer, type TestServer } from './databases.ts'
import { type CommandResult, tessera } from './tessera-command.ts'

/** Nobody waits so long as to go on without the third update. */
const SPEC = { initialisation: 'federated-sketch', total: 2, deadline: { softMs: 600_000, hardMs: 600_000 } } as const

let server: TestServer
/** A finished run: events 12–14 are the updates of its first round, 15 and 16 its result, 21 the last. */
let whole: { readonly url: string; readonly coordinator: Coordinator }
/** A run whose second round has two updates of three. */
let going: { readonly url: string; readonly coordinator: Coordinator }

beforeAll(async () => {
  server = await startOwnServer()
  whole = await serve('whole', () => false)
  going = await serve('going', ({ round, assignmentId }) => round === 2 && assignmentId.endsWith('.c'))
  await query(whole.url, 'CREATE TABLE saved_event AS TABLE "Event"')
  await query(whole.url, 'CREATE TABLE saved_chunk AS TABLE "BlobChunk"')
})

afterAll(async () => {
  await whole?.coordinator.stop()
  await going?.coordinator.stop()
  await server?.stop()
})

/** A coordinator on a database that holds a run of three clients, done but for the work that is left. */
async function serve(name: string, leaves: (message: AssignmentMessage) => boolean) {
  const url = await server.emptyDatabase(name)
  const database = await open({ url })
  const federation = createFederation(SPEC, database)
  const { record, engine, transport } = federation
  await engine.createRun(record)
  await federation.join()
  for (let sent = transport.takeAssignments(); sent.length > 0; sent = transport.takeAssignments()) {
    for (const { clientId, message } of sent.filter((work) => !leaves(work.message))) {
      const { length } = stageLayout(record, { kind: message.kind, index: message.kind === 'probe' ? message.pass : 1 })
      const known = knownUpdate(clientId, message.round + 1)
      const values = Float32Array.from({ length }, (_, at) => known[at % known.length]! / (1 + at))
      const update = packUpdate(clientId, message, values)
      unwrap(await engine.receive(record.runId, { ...update, hash: hashBytes(update.bytes) }, {}))
    }
    await federation.rest()
  }
  await engine.close()
  await database.close()
  const place = { dataFolder: join(server.folder, name), databaseUrl: url }
  const coordinator = await startCoordinator({ ...place, port: 0, host: '127.0.0.1', token: 't', logLevel: 'silent' })
  return { url, coordinator }
}

const ask = ({ coordinator }: typeof whole, ...args: string[]): Promise<CommandResult> =>
  tessera('--server', coordinator.url, ...args)

describe('tessera verify', () => {
  it('recomputes a finished run, strictly too, and says its head', async () => {
    const { exit, documents, said } = await ask(whole, 'verify', 'run-1', '--strict')
    expect(exit, said).toBe(0)
    const [shown] = (await ask(whole, 'runs', 'show', 'run-1')).documents as [RunView]
    expect(documents).toMatchObject([{ run: 'run-1', verified: true, phase: 'finished', events: 21, gaps: [] }])
    expect(documents).toMatchObject([
      { head: shown.logHead, results: Array(4).fill({ check: 'recomputed', updates: 3 }) },
    ])
    expect((await ask(whole, 'verify', 'run-1', '--head', shown.logHead)).exit).toBe(0)
    expect((await ask(whole, 'verify', 'run-1', '--head', '0'.repeat(64))).documents).toMatchObject([
      { error: { code: 'log-altered', details: { field: 'head', recomputed: '0'.repeat(64) } } },
    ])
  })

  it('checks a run that goes on as far as it is, and is not content with that when it is strict', async () => {
    const { exit, documents } = await ask(going, 'verify', 'run-1')
    expect([exit, documents]).toMatchObject([0, [{ verified: true, phase: 'training' }]])
    const strict = await ask(going, 'verify', 'run-1', '--strict')
    expect(strict.exit).toBe(1)
    const gaps = ['round 2 is open: its 2 updates are as they arrived', 'the run is training']
    expect(strict.documents).toMatchObject([{ error: { code: 'not-verified', details: { gaps } } }])
  })

  it('refuses an unknown run with unknown-run', async () => {
    const { exit, documents } = await ask(whole, 'verify', 'another')
    expect([exit, documents]).toMatchObject([4, [{ error: { code: 'unknown-run' } }]])
  })

  const replace = (table: string, column: string, from: string, to: string) =>
    `UPDATE "${table}" SET "${column}" = replace("${column}"::text, '${from}', '${to}')::json`
  const event = (seq: number, from: string, to: string) => `${replace('Event', 'data', from, to)} WHERE seq = ${seq}`
  const flip = (table: string, where: string) =>
    `UPDATE "${table}" SET bytes = set_byte(bytes, 5, get_byte(bytes, 5) # 1) WHERE ${where}`
  const number = (seq: number, by: number) => `UPDATE "Event" SET seq = ${by} WHERE seq = ${seq}`
  const RESTORE_EVENTS = 'DELETE FROM "Event"; INSERT INTO "Event" SELECT * FROM saved_event'
  const OWN_BLOB = `hash = (SELECT "coordinatesHash" FROM "AdapterVersion" WHERE round = 1)`

  it.each([
    ['a client’s number of examples', event(2, '25', '26'), RESTORE_EVENTS, [2, 'client-joined', 'head']],
    [
      'the weight of an update',
      event(13, '"weight":25', '"weight":24'),
      RESTORE_EVENTS,
      [13, 'update-received', 'weight'],
    ],
    [
      'who sent an update',
      event(13, '"clientId":"b"', '"clientId":"c"'),
      RESTORE_EVENTS,
      [13, 'update-received', 'type'],
    ],
    ['the hash of an update', event(13, '"hash":"', '"hash":"0'), RESTORE_EVENTS, [13, 'update-received', 'hash']],
    ['a norm', event(15, '"updateNorm":0', '"updateNorm":1'), RESTORE_EVENTS, [15, 'aggregated', 'updateNorm']],
    ['what an event is', event(16, 'committed', 'resumed'), RESTORE_EVENTS, [16, 'resumed', 'type']],
    ['when an event was', event(16, '"at":0', '"at":1'), RESTORE_EVENTS, [16, 'committed', 'head']],
    [
      'the type column',
      `UPDATE "Event" SET type = 'paused' WHERE seq = 9`,
      RESTORE_EVENTS,
      [9, 'update-received', 'head'],
    ],
    ['the time column', `UPDATE "Event" SET at = now() WHERE seq = 9`, RESTORE_EVENTS, [9, 'update-received', 'head']],
    ['a head', `UPDATE "Event" SET head = md5(head) WHERE seq = 7`, RESTORE_EVENTS, [7, 'pass-reduced', 'head']],
    ['the log by taking an event out', 'DELETE FROM "Event" WHERE seq = 8', RESTORE_EVENTS, [8, null, 'seq']],
    ['the log by taking the last event off', 'DELETE FROM "Event" WHERE seq = 21', RESTORE_EVENTS, [21, null, 'seq']],
    [
      'the order of two events',
      [number(12, -1), number(13, 12), number(-1, 13)].join(';'),
      RESTORE_EVENTS,
      [12, 'update-received', 'head'],
    ],
    [
      'a byte of an update',
      flip('UpdateChunk', `"assignmentId" = 'run-1.train-2.b'`),
      flip('UpdateChunk', `"assignmentId" = 'run-1.train-2.b'`),
      [18, 'update-received', 'update run-1.train-2.b: bytes'],
    ],
    [
      'whether an update is kept',
      `UPDATE "Update" SET kept = false WHERE "assignmentId" = 'run-1.train-2.b'`,
      'UPDATE "Update" SET kept = true',
      [18, 'update-received', 'update run-1.train-2.b'],
    ],
    [
      'the weight that is stored with an update',
      `UPDATE "Update" SET weight = weight + 1 WHERE "assignmentId" = 'run-1.train-1.c'`,
      `UPDATE "Update" SET weight = weight - 1 WHERE "assignmentId" = 'run-1.train-1.c'`,
      [14, 'update-received', 'update run-1.train-1.c: weight'],
    ],
    [
      'a version',
      `UPDATE "AdapterVersion" SET "factorsHash" = "factorsHash" || '0' WHERE round = 2`,
      `UPDATE "AdapterVersion" SET "factorsHash" = left("factorsHash", 64)`,
      [21, 'committed', 'version 2: factors'],
    ],
    [
      'a byte of the coordinates',
      flip('BlobChunk', OWN_BLOB),
      flip('BlobChunk', OWN_BLOB),
      [15, 'aggregated', /^blob /],
    ],
    [
      'the coordinates by taking a chunk out',
      `DELETE FROM "BlobChunk" WHERE ${OWN_BLOB}`,
      `INSERT INTO "BlobChunk" SELECT * FROM saved_chunk WHERE ${OWN_BLOB}`,
      [15, 'aggregated', /^blob /],
    ],
    [
      'the length of an update',
      `UPDATE "UpdateChunk" SET bytes = bytes || '\\x00' WHERE "assignmentId" = 'run-1.train-1.a'`,
      `UPDATE "UpdateChunk" SET bytes = substring(bytes FROM 1 FOR length(bytes) - 1)
       WHERE "assignmentId" = 'run-1.train-1.a'`,
      [12, 'update-received', 'update run-1.train-1.a'],
    ],
    [
      'the state',
      replace('Run', 'state', '"examples":25', '"examples":52'),
      replace('Run', 'state', '"examples":52', '"examples":25'),
      [21, null, 'state.members.b.examples'],
    ],
    [
      'the record',
      replace('Run', 'record', '"seed":5', '"seed":6'),
      replace('Run', 'record', '"seed":6', '"seed":5'),
      [1, 'client-joined', 'head'],
    ],
  ] as const)('names the event where someone altered %s', async (_what, alter, undo, [seq, type, field]) => {
    await query(whole.url, alter)
    const { exit, documents, said } = await ask(whole, 'verify', 'run-1')
    await query(whole.url, undo)
    expect(exit, JSON.stringify(documents)).toBe(1)
    const details = { seq, event: type, field: typeof field === 'string' ? field : expect.stringMatching(field) }
    expect(documents).toMatchObject([{ error: { code: 'log-altered', details } }])
    expect(said).toContain(`event ${seq}`)
  })

  it('finds nothing any more when all of that was put back', async () => {
    expect((await ask(whole, 'verify', 'run-1', '--strict')).exit).toBe(0)
  })
})

describe('tessera receipt', () => {
  const file = () => join(server.folder, 'receipt.json')
  const check = (...flags: string[]) => ask(whole, 'receipt', '--check', file(), ...flags)

  it('proves that an update is in a round, to whoever knows the head that runs show prints', async () => {
    const made = await ask(whole, 'receipt', 'run-1', '--worker', 'b', '--round', '1', '--out', file())
    const [shown] = (await ask(whole, 'runs', 'show', 'run-1')).documents as [RunView]
    expect([made.exit, made.documents]).toMatchObject([0, [{ worker: 'b', head: shown.logHead }]])
    const held = await check('--head', shown.logHead, '--worker', 'b')
    expect([held.exit, held.documents]).toMatchObject([
      0,
      [{ holds: true, client: 'b', round: 1, update: { weight: 25 }, published: { seq: 21 } }],
    ])
    const chunk = `SELECT bytes FROM "UpdateChunk" WHERE "assignmentId" = 'run-1.train-1.b'`
    const [{ bytes }] = (await query(whole.url, chunk)) as [{ bytes: Buffer }]
    await writeFile(join(server.folder, 'update'), bytes)
    expect((await check('--update', join(server.folder, 'update'))).exit).toBe(0)
  })

  it('is refused with invalid-receipt for another head, client or update, altered, or cut short', async () => {
    const refused = { error: { code: 'invalid-receipt' } }
    expect((await check('--head', '0'.repeat(64))).documents).toMatchObject([refused])
    expect((await check('--worker', 'a')).documents).toMatchObject([refused])
    expect((await check('--update', file())).documents).toMatchObject([refused])
    const text = await readFile(file(), 'utf8')
    for (const changed of [text.replace('"weight": 25', '"weight": 26'), text.slice(0, 400)]) {
      await writeFile(file(), changed)
      expect([(await check()).exit, (await check()).documents]).toMatchObject([5, [refused]])
    }
  })

  it('is of no client that has nothing in the round, and of no round without a result', async () => {
    const of = (run: typeof whole, ...flags: string[]) => ask(run, 'receipt', 'run-1', ...flags)
    expect((await of(whole, '--worker', 'nobody')).documents).toMatchObject([{ error: { code: 'unknown-assignment' } }])
    const open = await of(going, '--worker', 'a', '--round', '2')
    expect([open.exit, open.documents]).toMatchObject([4, [{ error: { code: 'run-not-finished' } }]])
    expect((await of(going)).documents).toMatchObject([{ error: { code: 'invalid-config' } }])
  })
})
