import { spawn } from 'node:child_process'
import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { chain, genesis, initialState } from '@tessera/federation'
import { createRecordingLog, sampleCommit, sampleHash, sampleRecord, sampleState } from '@tessera/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEmbeddedPostgres } from '../../apps/coordinator/src/store/embedded-postgres.ts'
import { postgresAccount } from '../../apps/coordinator/src/store/postgres-account.ts'
import { findPostgres, programOf } from '../../apps/coordinator/src/store/postgres-programs.ts'
import { startServer } from '../../apps/coordinator/src/store/postgres-server.ts'
import { reachablePrograms } from '../../apps/coordinator/src/store/reachable-folder.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { open, postmasterOf, query, startOwnServer, type TestServer, withCode } from './databases.ts'

let server: TestServer

beforeAll(async () => {
  server = await startOwnServer()
})

afterAll(() => server?.stop())

describe('the embedded server', () => {
  it('keeps its password for its owner alone', async () => {
    const { mode } = await stat(join(server.folder, 'postgres-password'))
    expect(mode & 0o777).toBe(0o600)
  })

  it('is not ended by Ctrl-C in the terminal, so that its coordinator can still write', async () => {
    const place = await temporaryFolder('embedded')
    const { coordinator, lines } = startElsewhere(place)
    const url = await lines.next()
    process.kill(-coordinator.pid!, 'SIGINT')
    expect(await lines.next()).toBe('wrote 1 row')
    expect(await lines.next()).toBe('stopped')
    await expect(query(url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED')
    await rm(place, { recursive: true })
  })

  it('ends with its coordinator, also by kill -9, and has every row at the next start', async () => {
    const place = await temporaryFolder('embedded')
    const { coordinator, lines } = startElsewhere(place)
    const url = await lines.next()
    await query(url, 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)')
    coordinator.kill('SIGKILL')
    await expect
      .poll(() => query(url, 'SELECT 1').catch((error) => error.code), { timeout: 60_000 })
      .toBe('ECONNREFUSED')
    const next = await startEmbeddedPostgres(place)
    expect(await query(next.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }])
    await next.stop()
    await rm(place, { recursive: true })
  })

  it('shares its data folder with nobody: a second one is refused with data-folder-in-use', async () => {
    await expect(startEmbeddedPostgres(server.folder)).rejects.toEqual(withCode('data-folder-in-use'))
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('has everything that was committed after kill -9 and a start on the same folder', async () => {
    const place = await temporaryFolder('embedded')
    const record = sampleRecord('survivor')
    const blob = { hash: sampleHash(9), bytes: Uint8Array.from({ length: 300_000 }, (_, at) => at % 256) }
    const first = await open({ dataFolder: place })
    await first.store.createRun(record, sampleState(record, 0))
    await first.store.commit({ ...sampleCommit(record, 1), blobs: [blob] })
    process.kill(await postmasterOf(place), 'SIGKILL')
    await first.close()

    const second = await open({ dataFolder: place })
    expect(second.migrated).toEqual([])
    expect((await second.store.loadRuns()).map(({ state }) => state)).toEqual([sampleCommit(record, 1).state])
    expect(await second.store.readBlob(blob.hash)).toEqual(blob.bytes)
    expect(await second.store.updateHash(sampleCommit(record, 1).update!.assignmentId)).toBe(sampleHash(97))
    await second.close()
    await rm(place, { recursive: true })
  })

  it('takes over from a coordinator that was killed while its server went on', async () => {
    const place = await temporaryFolder('embedded')
    const { cluster, stop } = await startEmbeddedPostgres(place)
    await stop()
    const account = await postgresAccount()
    const program = programOf(await reachablePrograms(await findPostgres(), account), 'postgres')
    await startServer({ program, cluster, folder: place, account })
    const pid = await postmasterOf(place)
    // What a coordinator that no longer exists wrote: a process id with a start that this process does not have.
    await writeFile(join(place, 'coordinator.pid'), `${process.pid} 1`)
    const next = await startEmbeddedPostgres(place)
    expect(await postmasterOf(place)).not.toBe(pid)
    expect(await query(next.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    await next.stop()
    await rm(place, { recursive: true })
  })

  it('is started again by the next coordinator at once, when one is killed with it in the middle of its work', async () => {
    const place = await temporaryFolder('embedded')
    let rows = 0
    for (let life = 0; life < 3; life++) {
      const { coordinator, lines } = startElsewhere(place)
      const url = await lines.next()
      await query(url, 'CREATE TABLE IF NOT EXISTS kept (n int)')
      const writing = writeUntilRefused(url)
      await setTimeout(200)
      coordinator.kill('SIGKILL')
      rows += await writing
    }
    const { url, stop } = await startEmbeddedPostgres(place)
    const [{ count } = {}] = await query(url, 'SELECT count(*)::int AS count FROM kept')
    // The last row of each life may be there without its answer.
    expect([0, 1, 2, 3]).toContain(Number(count) - rows)
    expect(rows).toBeGreaterThan(3)
    await stop()
    await rm(place, { recursive: true })
  })

  it('is started again on its port when it dies alone: no commit is lost or counted twice, and the heads chain', async () => {
    const place = await temporaryFolder('embedded')
    const { store, queries, log, losses, close } = await open({ dataFolder: place })
    const record = sampleRecord('under-fire')
    await store.createRun(record, initialState(record))
    let [state, killed] = [initialState(record), 0]
    for (let seq = 1; seq <= 300; seq++) {
      const event = { type: 'deadline-passed', at: seq } as const
      state = { ...state, seq, head: chain(state.head, event) }
      const commit = store.commit({ runId: record.runId, event, state })
      if (seq % 100 === 50) {
        process.kill(await postmasterOf(place), 'SIGKILL')
        killed += 1
      }
      await commit
    }
    const rows = await queries.events(record.runId, { after: 0, limit: 1000 })
    expect([killed, rows.map(({ seq }) => seq)]).toEqual([3, Array.from({ length: 300 }, (_, at) => at + 1)])
    let head = genesis(record)
    for await (const row of store.eventsOf(record.runId)) {
      head = chain(head, row.event)
      expect(row.head).toBe(head)
    }
    expect((await store.loadRuns()).map((run) => run.state)).toEqual([{ ...state, head }])
    expect(losses).toEqual([])
    const said = log.lines.filter(({ message }) => message.includes('embedded')).map(({ level }) => level)
    expect(said).toEqual(['warn', 'info', 'warn', 'info', 'warn', 'info'])
    await close()
    await rm(place, { recursive: true })
  })

  it('is given up with database-failed when it does not start again, and what its log says', async () => {
    const place = await temporaryFolder('embedded')
    const failures: Promise<Error> = new Promise((failed) => {
      startEmbeddedPostgres(place, { log: createRecordingLog(), failed, starts: 2 }).then(async () => {
        await writeFile(join(place, 'postgres', 'PG_VERSION'), '7.4')
        process.kill(await postmasterOf(place), 'SIGKILL')
      })
    })
    const error = await failures
    expect(error).toEqual(withCode('database-failed'))
    expect(error.message).toContain('7.4')
    await rm(place, { recursive: true })
  })
})

/** Rows of a table, one after the other, until the server is gone. @returns How many were answered for. */
async function writeUntilRefused(url: string): Promise<number> {
  for (let rows = 0; ; rows++) {
    const written = await query(url, `INSERT INTO kept VALUES (${rows})`).then(
      () => true,
      () => false,
    )
    if (!written) return rows
  }
}

/** A coordinator's process with nothing but its database, leading a group as a command in a terminal does. */
function startElsewhere(dataFolder: string) {
  const source = new URL('../../apps/coordinator/src/store/embedded-postgres.ts', import.meta.url)
  const program = `
    import pg from 'pg'
    const { startEmbeddedPostgres } = await import(${JSON.stringify(source.href)})
    const server = await startEmbeddedPostgres(${JSON.stringify(dataFolder)})
    process.once('SIGINT', async () => {
      const client = new pg.Client({ connectionString: server.url })
      await client.connect()
      await client.query('CREATE TABLE late (n int)')
      const { rowCount } = await client.query('INSERT INTO late VALUES (1)')
      console.log('wrote', rowCount, 'row')
      await client.end()
      await server.stop()
      console.log('stopped')
      process.exit()
    })
    setInterval(() => undefined, 1000)
    console.log(server.url)`
  const cwd = fileURLToPath(new URL('../../apps/coordinator', import.meta.url))
  const flags = ['--import', 'tsx', '--input-type=module', '--eval', program]
  const coordinator = spawn(process.execPath, flags, { cwd, detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
  const output = createInterface({ input: coordinator.stdout })[Symbol.asyncIterator]()
  return { coordinator, lines: { next: async () => String((await output.next()).value) } }
}
