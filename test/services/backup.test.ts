import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { restoreDatabase, startCoordinator } from '@tessera/coordinator'
import { archiveOf, type Finding, type RunState, type Store, stageLayout, verifyRun } from '@tessera/federation'
import { hashBytes } from '@tessera/protocol'
import {
  type AssignmentMessage,
  collect,
  createFederation,
  FEDERATION_CLIENTS,
  type InProcessFederation,
  knownUpdate,
  packUpdate,
} from '@tessera/testing'
import { type ClientId, unwrap } from '@tessera/vocabulary'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backUp } from '../../apps/coordinator/src/store/backup.ts'
import { checkArchive, readArchive, writeArchive } from '../../apps/coordinator/src/store/backup-archive.ts'
import { refill } from '../../apps/coordinator/src/store/backup-refill.ts'
import { migrationScripts } from '../../apps/coordinator/src/store/backup-tables.ts'
import { migrate } from '../../apps/coordinator/src/store/migrations.ts'
import { beginRun, open, query, startOwnServer, startSystemServer, type TestServer, withCode } from './databases.ts'
import { tessera } from './tessera-command.ts'

const VERSION = { version: '0.1.0' }
const INTO_EMPTY = { replace: false }
const SPEC = { initialisation: 'federated-sketch', total: 2 } as const

let own: TestServer
let system: TestServer
/** A backup of a run whose second round has one update of three. */
let file: string
/** The database that it is of, in which the run then came to its end undisturbed. */
let filled: string
let undisturbed: RunState

beforeAll(async () => {
  const servers = await Promise.all([startOwnServer(), startSystemServer()])
  own = servers[0]
  system = servers[1]
  file = join(own.folder, 'middle.backup')
  filled = await own.emptyDatabase('filled')
  const database = await open({ url: filled })
  const federation = createFederation(SPEC, database)
  await federation.engine.createRun(federation.record)
  await federation.join()
  const left = await work(federation, ({ round, assignmentId }) => round === 2 && !assignmentId.endsWith('.a'))
  expect(federation.stateOf().stage?.assignments.map(({ status }) => status)).toEqual(['received', 'open', 'open'])
  await backUp(filled, file, VERSION)
  for (const { clientId, message } of left) await deliver(federation, clientId, message)
  await federation.rest()
  undisturbed = federation.stateOf()
  await federation.engine.close()
  await database.close()
})

afterAll(async () => {
  await Promise.all([own?.stop(), system?.stop()])
})

type Work = ReturnType<InProcessFederation['transport']['takeAssignments']>[number]

/** Clients do all work that they are sent but what is left, which is given back. */
async function work(
  federation: InProcessFederation,
  leaves: (message: AssignmentMessage) => boolean = () => false,
): Promise<Work[]> {
  const left: Work[] = []
  const { transport } = federation
  for (let sent = transport.takeAssignments(); sent.length > 0; sent = transport.takeAssignments()) {
    for (const one of sent) {
      if (leaves(one.message)) left.push(one)
      else await deliver(federation, one.clientId, one.message)
    }
    await federation.rest()
  }
  return left
}

async function deliver({ engine, record }: InProcessFederation, client: ClientId, message: AssignmentMessage) {
  const { kind, pass, round } = message
  const { length } = stageLayout(record, { kind, index: kind === 'probe' ? pass : round })
  const known = knownUpdate(client, round + 1)
  const update = packUpdate(
    client,
    message,
    Float32Array.from({ length }, (_, at) => known[at % known.length]! / (1 + at)),
  )
  unwrap(await engine.receive(record.runId, { ...update, hash: hashBytes(update.bytes) }, { 'train-loss': 1 / 3 }))
}

async function verdictOn(store: Store, { record }: Pick<InProcessFederation, 'record'>): Promise<Finding | undefined> {
  return (await collect(verifyRun(await archiveOf(store, record.runId)))).at(-1)
}

const restore = (url: string, from: string, options = INTO_EMPTY) => restoreDatabase({ url }, from, options)

/** All rows of our tables as text, but for the number of starts. */
async function contents(url: string): Promise<string[]> {
  const tables = await query(url, `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`)
  const kept = tables.map(({ name }) => String(name)).filter((name) => !['Term', '_prisma_migrations'].includes(name))
  const rows: string[] = []
  for (const name of kept) {
    const all = await query(url, `SELECT t::text AS row FROM "${name}" t ORDER BY 1`)
    rows.push(...all.map(({ row }) => `${name} ${row}`))
  }
  return rows
}

describe('a backup', () => {
  it('holds every row of every table, whatever server it is restored on, and the file is for its owner alone', async () => {
    const [here, there] = [await own.emptyDatabase('copy_here'), await system.emptyDatabase('copy_there')]
    const first = join(own.folder, 'first.backup')
    await backUp(filled, first, VERSION)
    expect((await stat(first)).mode & 0o777).toBe(0o600)
    await restore(here, first)
    const second = join(own.folder, 'second.backup')
    await backUp(here, second, VERSION)
    const manifest = await restore(there, second)
    const rows = await contents(filled)
    expect(rows.length).toBeGreaterThan(60)
    expect(await contents(here)).toEqual(rows)
    expect(await contents(there)).toEqual(rows)
    expect(manifest.tables.find(({ name }) => name === 'Run')).toMatchObject({ rows: 1 })
  })

  it.each([
    ['the embedded server', () => own],
    ['the system’s server', () => system],
  ])('in the middle of a round lets the run go on, on %s, to the same coordinates', async (_name, server) => {
    const url = await server().emptyDatabase('goes_on')
    await restore(url, file)
    const database = await open({ url })
    const federation = createFederation(SPEC, database)
    await federation.engine.restore()
    await federation.join(FEDERATION_CLIENTS)
    await work(federation)
    const { phase, round, factors, coordinates } = federation.stateOf()
    const { factors: sameFactors, coordinates: sameCoordinates } = undisturbed
    expect({ phase, round, factors, coordinates }).toEqual({
      ...{ phase: 'finished', round: 2 },
      ...{ factors: sameFactors, coordinates: sameCoordinates },
    })
    expect(await verdictOn(database.store, federation)).toMatchObject({ type: 'end', phase: 'finished' })
    await federation.engine.close()
    await database.close()
  })

  it('is not left half written where it can not be written, and another file stays as it was', async () => {
    const taken = join(own.folder, 'taken.backup')
    await writeFile(taken, 'something else')
    await expect(backUp(own.url, taken, VERSION)).rejects.toEqual(withCode('invalid-config'))
    expect(await readFile(taken, 'utf8')).toBe('something else')
    await expect(backUp(filled, join(own.folder, 'nowhere', 'file'), VERSION)).rejects.toEqual(
      withCode('file-not-found'),
    )
    expect((await readdir(own.folder)).filter((name) => name.endsWith('.partial'))).toEqual([])
  })
})

describe('a restore', () => {
  it('refuses a database that holds something with conflict, and takes it with --replace, none of it left', async () => {
    const url = await own.emptyDatabase('taken')
    const database = await open({ url })
    await beginRun(database, 'of-before')
    await database.close()
    const before = await contents(url)
    await expect(restore(url, file)).rejects.toEqual(withCode('conflict'))
    expect(await contents(url)).toEqual(before)
    await restore(url, file, { replace: true })
    expect(await query(url, 'SELECT id FROM "Run"')).toEqual([{ id: 'run-1' }])
  })

  it('refuses a database that a coordinator works on with database-in-use', async () => {
    const url = await own.emptyDatabase('at_work')
    const database = await open({ url })
    await expect(restore(url, file, { replace: true })).rejects.toEqual(withCode('database-in-use'))
    await database.close()
  })

  it('lets no start of before come to power again: the next is the one after the highest of both', async () => {
    const url = await own.emptyDatabase('terms')
    for (let start = 0; start < 3; start++) await (await open({ url })).close()
    await restore(url, file, { replace: true })
    await (await open({ url })).close()
    expect(await query(url, 'SELECT value FROM "Term"')).toEqual([{ value: 4 }])
  })

  it('that breaks off leaves what was there', async () => {
    const url = await own.emptyDatabase('broken_off')
    const database = await open({ url })
    await beginRun(database, 'of-before')
    await database.close()
    const before = await contents(url)
    const manifest = await checkArchive(file)
    const lying = { ...manifest, tables: manifest.tables.map((table) => ({ ...table, rows: table.rows + 1 })) }
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const scripts = await migrationScripts()
    await expect(refill(client, file, { manifest: lying, scripts })).rejects.toEqual(withCode('invalid-backup'))
    await client.end()
    expect(await contents(url)).toEqual(before)
  })

  it('migrates a backup of an earlier version', async () => {
    const url = await own.emptyDatabase('earlier')
    await migrate(url)
    const later = { name: '29990101_note', sql: `ALTER TABLE "Run" ADD COLUMN "note" TEXT NOT NULL DEFAULT 'none';` }
    const scripts = [...(await migrationScripts()), later]
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await refill(client, file, { manifest: await checkArchive(file), scripts })
    await client.end()
    expect(await query(url, 'SELECT id, note FROM "Run"')).toEqual([{ id: 'run-1', note: 'none' }])
  })

  it('refuses a backup or a database of a newer version with database-newer', async () => {
    const url = await own.emptyDatabase('newer')
    await expect(restore(url, await ofNewer())).rejects.toEqual(withCode('database-newer'))
    await migrate(url)
    const row = `'1', '', '29990101_x', now()`
    await query(url, `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES (${row})`)
    await expect(restore(url, file)).rejects.toEqual(withCode('database-newer'))
    await expect(backUp(url, join(own.folder, 'never'), VERSION)).rejects.toEqual(withCode('database-newer'))
  })

  it('refuses what is no whole backup with invalid-backup, and has written nothing', async () => {
    const url = await own.emptyDatabase('untouched')
    const whole = await readFile(file)
    const spoilt: Record<string, Buffer> = {
      'empty': Buffer.alloc(0),
      'text': Buffer.from('no backup'),
      'a gzip of text': gzipSync('no backup'),
      'cut in the middle': whole.subarray(0, whole.length >> 1),
      'without its last byte': whole.subarray(0, -1),
      'cut between two parts': gzipSync(gunzipSync(whole).subarray(0, 1024)),
    }
    for (const [name, bytes] of Object.entries(spoilt)) {
      const path = join(own.folder, 'spoilt.backup')
      await writeFile(path, bytes)
      await expect(restore(url, path), name).rejects.toEqual(withCode('invalid-backup'))
    }
    await expect(restore(url, await altered())).rejects.toEqual(withCode('invalid-backup'))
    await expect(restore(url, join(own.folder, 'nothing'))).rejects.toEqual(withCode('file-not-found'))
    await expect(restore(url, own.folder)).rejects.toEqual(withCode('file-not-found'))
    expect(await query(url, `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)).toEqual([])
  })
})

describe('tessera db', () => {
  const db = (folder: string, ...args: string[]) => tessera('--data-dir', join(own.folder, folder), 'db', ...args)
  const saved = () => join(own.folder, 'from-embedded.backup')

  it('backs up the embedded database under a coordinator, and refuses to restore under one', async () => {
    const dataFolder = join(own.folder, 'first-home')
    const restored = await db('first-home', 'restore', file)
    expect([restored.exit, restored.documents], restored.said).toMatchObject([
      0,
      [{ file, tables: { Run: 1, Update: 10 } }],
    ])
    const place = { dataFolder, port: 0, host: '127.0.0.1', token: 't', logLevel: 'silent' }
    const coordinator = await startCoordinator(place)
    const backup = await db('first-home', 'backup', saved())
    const refused = await db('first-home', 'restore', saved(), '--replace')
    await coordinator.stop()
    expect([backup.exit, backup.documents], backup.said).toMatchObject([0, [{ file: saved(), tables: { Run: 1 } }]])
    expect([refused.exit, refused.documents]).toMatchObject([4, [{ error: { code: 'data-folder-in-use' } }]])
  })

  it('restores into a folder where there was nothing, has nothing to migrate there, and refuses to do it twice', async () => {
    expect((await db('second-home', 'restore', saved())).exit).toBe(0)
    expect((await db('second-home', 'migrate')).documents).toEqual([{ migrated: [] }])
    const again = await db('second-home', 'restore', saved())
    expect([again.exit, again.documents]).toMatchObject([4, [{ error: { code: 'conflict' } }]])
    const spoilt = join(own.folder, 'spoilt.backup')
    await writeFile(spoilt, (await readFile(saved())).subarray(0, 500))
    const refused = await db('third-home', 'restore', spoilt)
    expect([refused.exit, refused.documents]).toMatchObject([5, [{ error: { code: 'invalid-backup' } }]])
    expect(await readdir(own.folder)).not.toContain('third-home')
  })

  it('makes no database where it is asked to back one up', async () => {
    const { exit, documents } = await db('no-home', 'backup', join(own.folder, 'never.backup'))
    expect([exit, documents]).toMatchObject([4, [{ error: { code: 'file-not-found' } }]])
    expect(await readdir(own.folder)).not.toContain('no-home')
  })
})

/** The backup, in whose archive a word of a part is another of the same length. */
async function altered(): Promise<string> {
  const path = join(own.folder, 'altered.backup')
  const bytes = gunzipSync(await readFile(file))
  bytes.write('client-jolned', bytes.indexOf('client-joined'))
  await writeFile(path, gzipSync(bytes))
  return path
}

/** The backup as a version would have written it that has one migration more. */
async function ofNewer(): Promise<string> {
  const path = join(own.folder, 'newer.backup')
  const manifest = await checkArchive(file)
  await writeArchive(path, async (writeParts) => {
    for await (const { name, bytes } of readArchive(file)) {
      if (name.startsWith('tables/')) await writeParts(dirname(name), only(bytes))
    }
    return { ...manifest, migrations: [...manifest.migrations, '29990101_x'] }
  })
  return path
}

async function* only(bytes: Buffer): AsyncIterable<Buffer> {
  yield bytes
}
