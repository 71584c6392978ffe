import { randomBytes } from 'node:crypto'
import { chown, mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { lockDataFolder } from './data-folder-lock.ts'
import { type Account, postgresAccount } from './postgres-account.ts'
import { findPostgres, programOf } from './postgres-programs.ts'
import { runProgram, type SpawnPlace, spawnProgram } from './postgres-spawn.ts'
import { readPostmaster } from './postmaster-file.ts'
import { exists, makeFolder, reachableFolder, reachablePrograms } from './reachable-folder.ts'
import { keepServer, type ServerKeeper } from './server-keeper.ts'

const USER = 'tessera'
const DATABASE = 'tessera'
/** For a program that needs the database for a moment and fails by its own queries. */
const SILENT: ServerKeeper = {
  log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  failed: () => undefined,
}

export interface EmbeddedPostgres {
  readonly url: string
  /** Where its files are: the disk that must not run full. */
  readonly cluster: string
  /** Ends the server in good order and gives the data folder back. */
  stop(): Promise<void>
}

/**
 * A PostgreSQL server of our own: its cluster in `<dataFolder>/postgres`, its log beside it, on a port of 127.0.0.1 that
 * was free. It starts on what an earlier coordinator left, however that one ended. The server has a session of its own,
 * so that a Ctrl-C in the terminal reaches the coordinator alone; when this process ends without `stop`, even by kill -9,
 * the server ends too. When the server ends without `stop`, it is started again.
 *
 * @throws {FedError} 'data-folder-in-use', 'database-failed', 'disk-full'
 */
export async function startEmbeddedPostgres(
  dataFolder: string,
  keeper: ServerKeeper = SILENT,
): Promise<EmbeddedPostgres> {
  const folder = resolve(dataFolder)
  await mkdir(folder, { recursive: true })
  const unlock = await lockDataFolder(folder)
  try {
    const account = await postgresAccount()
    const native = await reachablePrograms(await findPostgres(), account)
    const password = await ensurePassword(folder)
    const cluster = await ensureCluster(folder, { native, account, password })
    const server = await keepServer({ program: programOf(native, 'postgres'), cluster, folder, account }, keeper)
    const url = (database: string) => urlOf(password, server.port, database)
    await ensureDatabase(url('postgres')).catch(async (error: unknown) => {
      await server.stop()
      throw error
    })
    return {
      url: url(DATABASE),
      cluster,
      stop: async () => {
        await server.stop()
        await unlock()
      },
    }
  } catch (error) {
    await unlock()
    throw error
  }
}

/** The URL of the server that another process runs in this data folder; null when none is ready there. */
export async function runningPostgres(dataFolder: string): Promise<string | null> {
  const postmaster = await readPostmaster(join(dataFolder, 'postgres'))
  const password = await readFile(join(dataFolder, 'postgres-password'), 'utf8').catch(() => '')
  return postmaster?.ready && password !== '' ? urlOf(password, postmaster.port, DATABASE) : null
}

const urlOf = (password: string, port: number, database: string): string =>
  `postgresql://${USER}:${password}@127.0.0.1:${port}/${database}`

async function ensurePassword(folder: string): Promise<string> {
  const path = join(folder, 'postgres-password')
  const kept = await readFile(path, 'utf8').catch(() => '')
  if (kept !== '') return kept
  const password = randomBytes(24).toString('hex')
  await writeFile(path, password, { mode: 0o600 })
  return password
}

/** The cluster is made beside its place and moved there when it is whole, so that a half-made one is never started. */
async function ensureCluster(
  folder: string,
  { native, account, password }: { native: string; account: Account; password: string },
): Promise<string> {
  const cluster = await reachableFolder(join(folder, 'postgres'), account)
  if (await exists(cluster)) return cluster
  const partial = `${cluster}.new`
  await makeFolder(partial, account)
  const passwordFile = `${cluster}.password`
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (account.uid !== undefined && account.gid !== undefined) await chown(passwordFile, account.uid, account.gid)
  const options = ['--auth=scram-sha-256', `--username=${USER}`, `--pwfile=${passwordFile}`, '--encoding=UTF8']
  const initdb = programOf(native, 'initdb')
  await runProgram(initdb, [`--pgdata=${partial}`, ...options, '--locale=C', '--no-sync'], { folder, account })
  await unlink(passwordFile)
  await rename(partial, cluster)
  await syncInBackground(initdb, cluster, { folder, account })
  return cluster
}

/** To wait until every file of a new cluster is on the disk may take seconds, and nobody has stored anything yet. */
async function syncInBackground(initdb: string, cluster: string, place: SpawnPlace): Promise<void> {
  const child = await spawnProgram(initdb, ['--sync-only', `--pgdata=${cluster}`], place)
  child.once('error', () => undefined)
  child.unref()
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`)
  } finally {
    await client.end()
  }
}
