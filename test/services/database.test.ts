import { createServer } from 'node:net'
import { sampleHash } from '@tessera/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { poolFor } from '../../apps/coordinator/src/store/database-limits.ts'
import { pendingScript } from '../../apps/coordinator/src/store/make-migration.ts'
import { migrate } from '../../apps/coordinator/src/store/migrations.ts'
import { open, query, SERVERS, startOwnServer, type TestServer, withCode } from './databases.ts'

let server: TestServer

for (const [name, start] of SERVERS) {
  describe(name, () => {
    beforeAll(async () => {
      server = await start()
    })

    afterAll(() => server?.stop())

    describe('migrations', describeMigrations)
    describe('a connection', describeConnections)
  })
}

function describeMigrations(): void {
  it('make an empty database ready, and apply nothing the second time', async () => {
    const url = await server.emptyDatabase('fresh')
    expect(await migrate(url)).not.toEqual([])
    expect(await migrate(url)).toEqual([])
    const tables = await query(url, `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)
    expect(tables.map(({ tablename }) => tablename)).toEqual(expect.arrayContaining(['Run', '_prisma_migrations']))
  })

  it('lead to the schema: none is missing', async () => {
    expect(await pendingScript(server.url)).toBeNull()
  })

  it('refuse a database of a newer version with database-newer, and name what they do not know', async () => {
    const url = await server.emptyDatabase('newer')
    await migrate(url)
    await query(
      url,
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('1', '', '29990101_x', now())`,
    )
    await expect(open({ url })).rejects.toEqual(withCode('database-newer'))
    await expect(open({ url })).rejects.toThrow('29990101_x')
  })

  it('refuse a database with tables of something else, and leave them', async () => {
    const url = await server.emptyDatabase('foreign_tables')
    await query(url, 'CREATE TABLE "Run" (id int)')
    await expect(migrate(url)).rejects.toEqual(withCode('database-failed'))
    expect(await query(url, 'SELECT * FROM "Run"')).toEqual([])
  })
}

function describeConnections(): void {
  it.each([
    ['a wrong password', { password: 'guess' }, 'password is wrong'],
    ['a database that is not there', { pathname: '/nowhere' }, 'no such database'],
  ])('with %s is refused with database-refused', async (_what, part, words) => {
    const url = Object.assign(new URL(server.url), part).href
    await expect(open({ url })).rejects.toEqual(withCode('database-refused'))
    await expect(open({ url })).rejects.toThrow(words)
  })

  it('opens no more connections than its URL allows', async () => {
    const database = await open({ url: `${server.url}?connection_limit=2` })
    await Promise.all([1, 2, 3, 4].map(() => database.queries.runs()))
    const counted = `SELECT count(*)::int AS pool FROM pg_stat_activity WHERE application_name = 'tessera'`
    expect(await query(server.url, counted)).toEqual([{ pool: 2 }])
    await database.close()
  })
}

describe('a connection, whatever the server is,', () => {
  it('that nobody answers is refused with database-unreachable, which names the place and not the password', async () => {
    const port = await closedPort()
    const error = await open({ url: `postgresql://tessera:secret@127.0.0.1:${port}/tessera` }).catch(
      (reason: unknown) => reason as Error,
    )
    expect(error).toEqual(withCode('database-unreachable'))
    expect((error as Error).message).toContain(`127.0.0.1:${port}`)
    expect(JSON.stringify([error, (error as Error).message])).not.toContain('secret')
  })

  it('to a port that takes connections and says nothing is given up with database-unreachable', async () => {
    const silent = createServer(() => undefined)
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening))
    const { port } = silent.address() as { port: number }
    const url = `postgresql://tessera:secret@127.0.0.1:${port}/tessera`
    await expect(open({ url })).rejects.toEqual(withCode('database-unreachable'))
    silent.close()
  })

  it('that is away fails what people ask after some seconds, and what the engine asks when the coordinator stops', async () => {
    const own = await startOwnServer()
    const { store, queries, ...database } = await open({ url: own.url })
    await own.stop()
    expect(await database.answers()).toBe(false)
    const [loading, reading] = [store.loadRuns(), store.readBlob(sampleHash(1))].map((call) =>
      call.then(
        () => 'an answer',
        (error) => error,
      ),
    )
    await expect(queries.runs()).rejects.toEqual(withCode('database-unreachable'))
    expect(await Promise.race([loading, reading, 'both wait'])).toBe('both wait')
    database.stopWaiting()
    expect(await Promise.all([loading, reading])).toEqual([
      withCode('database-unreachable'),
      withCode('database-unreachable'),
    ])
    expect(database.log.lines.map(({ level }) => level)).toEqual(['warn'])
    await database.close()
  })

  it('has the limits of its URL, and refuses what is no limit', () => {
    expect(poolFor('postgresql://db/x')).toMatchObject({ max: 10, statement_timeout: 60_000, lock_timeout: 10_000 })
    expect(poolFor('postgresql://db/x?connection_limit=3&lock_timeout=0')).toMatchObject({ max: 3, lock_timeout: 0 })
    for (const limit of ['connection_limit=1', 'connection_limit=many', 'statement_timeout=-5']) {
      expect(() => poolFor(`postgresql://db/x?${limit}`)).toThrow(limit.split('=')[0])
    }
  })

  it('to what is not PostgreSQL is refused with invalid-config', async () => {
    await expect(open({ url: 'mysql://root:secret@db/x' })).rejects.toEqual(withCode('invalid-config'))
  })
})

async function closedPort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((listening) => probe.listen(0, '127.0.0.1', listening))
  const { port } = probe.address() as { port: number }
  await new Promise((closed) => probe.close(closed))
  return port
}
