import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { startCoordinator } from '@tessera/coordinator'
import { sampleCommit, sampleHash, sampleRecord, sampleState } from '@tessera/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'
import { beginRun, type OpenedDatabase, open, query, SERVERS, type TestServer, withCode } from './databases.ts'
import { startProxy } from './tcp-proxy.ts'

const END_OF_LEASES = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tessera lease'`
const HOLDERS = `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted`
/** What the start of another coordinator does to whoever was there before. */
const ANOTHER_START = `UPDATE "Term" SET "value" = "value" + 1`
const PATIENT = { timeout: 60_000 }

let server: TestServer
let url: string
let databases = 0
const opened: OpenedDatabase[] = []

for (const [name, start] of SERVERS) {
  describe(name, () => {
    beforeAll(async () => {
      server = await start()
    })
    afterAll(() => server?.stop())

    beforeEach(async () => {
      url = await server.emptyDatabase(`writers_${++databases}`)
    })
    afterEach(async () => {
      for (const database of opened.splice(0)) await database.close()
    })

    describe('two coordinators on one database', describeRivals)
    describe('a coordinator that another one has followed', describeFollowed)
  })
}

async function coordinator(at = url): Promise<OpenedDatabase> {
  const database = await open({ url: at })
  opened.push(database)
  return database
}

function describeRivals(): void {
  it('are one: the second is refused with database-in-use, and may start when the first has stopped', async () => {
    const first = await coordinator()
    const refusal = await coordinator().catch((error) => error)
    expect(refusal).toEqual(withCode('database-in-use'))
    expect([refusal.retryable, refusal.message.includes('tessera:')]).toEqual([true, false])
    await beginRun(first, 'undisturbed')
    await first.close()
    expect((await (await coordinator()).store.loadRuns()).length).toBe(1)
  })

  it('may both be there when each has a database of its own on the same server', async () => {
    await coordinator()
    await coordinator(await server.emptyDatabase('neighbour'))
  })

  it('follow each other without a pause when the first is killed with kill -9', async () => {
    const { process: first, ready } = startElsewhere(url)
    expect(await ready).toBe('open')
    await expect(coordinator()).rejects.toEqual(withCode('database-in-use'))
    first.kill('SIGKILL')
    await once(first, 'exit')
    expect(await (await coordinator()).store.loadRuns()).toEqual([])
  })
}

function describeFollowed(): void {
  it.each<[string, (database: OpenedDatabase) => Promise<unknown>]>([
    ['an event', ({ store }) => store.commit(sampleCommit(sampleRecord('old'), 1))],
    ['a run', ({ store }) => store.createRun(sampleRecord('new'), sampleState(sampleRecord('new'), 0))],
    [
      'a measurement',
      ({ store }) => store.addEvaluation(sampleRecord('old').runId, 0, sampleCommit(sampleRecord('old'), 1).metrics!),
    ],
    ['a deletion', ({ store }) => store.deleteRun(sampleRecord('old').runId)],
    ['a chunk', ({ gateway }) => gateway.storeChunk({ hash: sampleHash(1), size: 1 }, 0, Uint8Array.of(1))],
  ])('writes nothing, not even %s: superseded, and it is told once that it is', async (_what, write) => {
    const database = await coordinator()
    await beginRun(database, 'old')
    const before = await everything()
    await query(url, ANOTHER_START)
    await expect(write(database)).rejects.toEqual(withCode('superseded'))
    await expect(write(database)).rejects.toEqual(withCode('superseded'))
    expect(database.losses).toEqual([withCode('superseded')])
    expect(await everything()).toEqual(before)
  })

  it('is told so as soon as the network that was away is back, and the other one has the database', async () => {
    const proxy = await startProxy(url)
    const first = await coordinator(proxy.url)
    await beginRun(first, 'handed-over')
    proxy.hold()
    await query(url, END_OF_LEASES)
    const second = await coordinator()
    await second.store.commit(sampleCommit(sampleRecord('handed-over'), 1))
    proxy.release()
    await expect(first.store.commit(sampleCommit(sampleRecord('handed-over'), 2, 'b'))).rejects.toEqual(
      withCode('superseded'),
    )
    await expect.poll(() => first.losses, PATIENT).toEqual([withCode('superseded')])
    expect((await second.store.loadRuns()).map(({ state }) => state.seq)).toEqual([1])
    await proxy.close()
  })

  it('still writes what it had begun to, and the other one starts after it', async () => {
    const proxy = await startProxy(url)
    const first = await coordinator(proxy.url)
    await beginRun(first, 'last-words')
    let packets = 0
    const begun = new Promise<void>((resolve) => {
      proxy.decide(() => {
        if (++packets === 5) {
          proxy.hold()
          resolve()
        }
        return 'pass'
      })
    })
    const lastWords = first.store.commit(sampleCommit(sampleRecord('last-words'), 1))
    await begun
    await query(url, END_OF_LEASES)
    const second = coordinator()
    const waiting = `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock'`
    await expect.poll(() => query(url, waiting), PATIENT).toEqual([{ waiting: 1 }])
    proxy.release()
    await lastWords
    expect((await (await second).store.loadRuns()).map(({ state }) => state.seq)).toEqual([1])
    await proxy.close()
  })

  it('stops by itself: it takes no work any more, and ends with superseded', async () => {
    const dataFolder = await temporaryFolder('superseded')
    const first = await startCoordinator({ port: 0, host: '127.0.0.1', dataFolder, databaseUrl: url, logLevel: 'info' })
    expect((await fetch(`${first.url}/api/health`)).status).toBe(200)
    await query(url, ANOTHER_START)
    await query(url, END_OF_LEASES)
    await expect(first.ended).rejects.toEqual(withCode('superseded'))
    await expect(fetch(`${first.url}/api/health`)).rejects.toThrow()
    await first.stop()
    await rm(dataFolder, { recursive: true })
  })

  it('is not there: a lock that was lost with its connection is taken again, and nobody is told', async () => {
    const database = await coordinator()
    const [before] = await query(url, HOLDERS)
    await query(url, END_OF_LEASES)
    await expect.poll(() => query(url, HOLDERS), PATIENT).toEqual([{ pid: expect.not.toBeOneOf([before?.pid]) }])
    await expect(coordinator()).rejects.toEqual(withCode('database-in-use'))
    await beginRun(database, 'goes-on')
    expect(database.losses).toEqual([])
  })
}

/** All that a coordinator could have written, as text. */
async function everything(): Promise<unknown> {
  const tables = ['Run', 'Event', 'Update', 'Metric', 'Blob', 'BlobChunk', 'AdapterVersion']
  return Promise.all(tables.map((table) => query(url, `SELECT "${table}"::text FROM "${table}" ORDER BY 1`)))
}

/** A process with nothing but the database. */
function startElsewhere(databaseUrl: string) {
  const source = new URL('../../apps/coordinator/src/store/database.ts', import.meta.url)
  const program = `
    const { openDatabase } = await import(${JSON.stringify(source.href)})
    const log = { info() {}, warn() {}, error() {} }
    await openDatabase({ url: ${JSON.stringify(databaseUrl)} }, { log, lost() {} })
    console.log('open')`
  const cwd = fileURLToPath(new URL('../../apps/coordinator', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const output = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return { process: child, ready: output.next().then(({ value }) => value) }
}
