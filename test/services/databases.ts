import { chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunRecord } from '@tessera/federation'
import { createRecordingLog, sampleRecord, sampleState } from '@tessera/testing'
import type { FedError } from '@tessera/vocabulary'
import pg from 'pg'
import { expect } from 'vitest'
import { type Database, type DatabasePlace, openDatabase } from '../../apps/coordinator/src/store/database.ts'
import { startEmbeddedPostgres } from '../../apps/coordinator/src/store/embedded-postgres.ts'
import { postgresAccount } from '../../apps/coordinator/src/store/postgres-account.ts'
import { startServer } from '../../apps/coordinator/src/store/postgres-server.ts'
import { runProgram } from '../../apps/coordinator/src/store/postgres-spawn.ts'
import { findPostgres } from '../../scripts/postgres.mjs'
import { temporaryFolder } from '../temporary-folder.ts'

export const withCode = (code: string) => expect.objectContaining({ code })

/** A server for a test, and any number of databases on it. */
export interface TestServer {
  readonly url: string
  readonly folder: string
  /** The URL of a new, empty database. */
  emptyDatabase(name: string): Promise<string>
  stop(): Promise<void>
}

/** The server that a coordinator brings along, on a cluster of its own. */
export async function startOwnServer(): Promise<TestServer> {
  const folder = await temporaryFolder('own-postgres')
  const { url, stop } = await startEmbeddedPostgres(folder)
  return testServer({ url, folder, stop })
}

/** The system's server, Debian's PostgreSQL 15 where the tests run as they should, on a cluster of its own. */
export async function startSystemServer(): Promise<TestServer> {
  const bin = findPostgres()
  if (bin === undefined) throw new Error('there is no PostgreSQL of the system: node scripts/test.mjs installs it')
  const folder = await temporaryFolder('system-postgres')
  const account = await postgresAccount()
  const [cluster, passwordFile] = [join(folder, 'cluster'), join(folder, 'password')]
  await mkdir(cluster, { mode: 0o700 })
  await writeFile(passwordFile, 'secret', { mode: 0o600 })
  for (const path of [cluster, passwordFile]) {
    if (account.uid !== undefined && account.gid !== undefined) await chown(path, account.uid, account.gid)
  }
  const options = ['--auth=scram-sha-256', '--username=tessera', `--pwfile=${passwordFile}`, '--encoding=UTF8']
  const initdb = [`--pgdata=${cluster}`, ...options, '--locale=C', '--no-sync']
  await runProgram(join(bin, 'initdb'), initdb, { folder, account })
  const server = await startServer({ program: join(bin, 'postgres'), cluster, folder, account })
  const url = `postgresql://tessera:secret@127.0.0.1:${server.port}/postgres`
  return testServer({ url, folder, stop: server.stop })
}

/** Every server that a coordinator may meet. */
export const SERVERS = [
  ['the embedded PostgreSQL', startOwnServer],
  ["the system's PostgreSQL", startSystemServer],
] as const

function testServer({ url, folder, stop }: Pick<TestServer, 'url' | 'folder' | 'stop'>): TestServer {
  return {
    url,
    folder,
    async emptyDatabase(name) {
      await query(url, `CREATE DATABASE ${name}`)
      return databaseOf(url, name)
    },
    async stop() {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The same server's other database. */
export function databaseOf(url: string, name: string): string {
  const other = new URL(url)
  other.pathname = `/${name}`
  return other.href
}

/** One query on a connection of its own. */
export async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

export interface OpenedDatabase extends Database {
  readonly log: ReturnType<typeof createRecordingLog>
  /** What it was lost by. */
  readonly losses: readonly FedError[]
}

/** The database as a coordinator opens it, with what it says. */
export async function open(place: DatabasePlace): Promise<OpenedDatabase> {
  const log = createRecordingLog()
  const losses: FedError[] = []
  const database = await openDatabase(place, { log, lost: (error) => losses.push(error) })
  return { ...database, log, losses }
}

/** A run that was made and has no event. */
export async function beginRun({ store }: Pick<Database, 'store'>, id: string): Promise<RunRecord> {
  const record = sampleRecord(id)
  await store.createRun(record, sampleState(record, 0))
  return record
}

/** The process id of the embedded server of a data folder. */
export async function postmasterOf(dataFolder: string): Promise<number> {
  return Number((await readFile(join(dataFolder, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0])
}
