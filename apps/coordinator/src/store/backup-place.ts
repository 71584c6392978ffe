import { join, resolve } from 'node:path'
import { FedError } from '@tessera/vocabulary'
import { type BackupOptions, backUp } from './backup.ts'
import type { BackupManifest } from './backup-manifest.ts'
import { checkBackup, type RestoreOptions, restoreBackup } from './backup-restore.ts'
import { takeLease } from './coordinator-lease.ts'
import type { DatabasePlace } from './database.ts'
import { runningPostgres, startEmbeddedPostgres } from './embedded-postgres.ts'
import { migrate } from './migrations.ts'
import { exists } from './reachable-folder.ts'

/** Back up the database at a place, also one that a coordinator is at work on. See `backUp`. */
export function backUpDatabase(place: DatabasePlace, file: string, options: BackupOptions): Promise<BackupManifest> {
  return reached(place, readableServer, (url) => backUp(url, file, options))
}

/** Restore the database at a place, which no coordinator may be at work on. See `restoreBackup`. */
export async function restoreDatabase(
  place: DatabasePlace,
  file: string,
  options: RestoreOptions,
): Promise<BackupManifest> {
  const checked = await checkBackup(file, options)
  return reached(place, startEmbeddedPostgres, (url) => restoreBackup(url, checked))
}

/** Bring the database at a place to this version's schema. @returns The migrations that were applied now. */
export function migrateDatabase(place: DatabasePlace): Promise<readonly string[]> {
  return reached(place, startEmbeddedPostgres, async (url) => {
    const lease = await takeLease(url)
    try {
      return await migrate(url)
    } finally {
      await lease.close()
    }
  })
}

interface ReachedServer {
  readonly url: string
  stop(): Promise<void>
}

async function reached<T>(
  place: DatabasePlace,
  start: (dataFolder: string) => Promise<ReachedServer>,
  use: (url: string) => Promise<T>,
): Promise<T> {
  if ('url' in place) return use(place.url)
  const server = await start(place.dataFolder)
  try {
    return await use(server.url)
  } finally {
    await server.stop()
  }
}

/** A server of our own, or the one that a coordinator runs there: to read is no harm to it. */
async function readableServer(dataFolder: string): Promise<ReachedServer> {
  const folder = resolve(dataFolder)
  if (!(await exists(join(folder, 'postgres')))) {
    throw new FedError('file-not-found', `there is no database in ${folder}`, {
      fix: 'Name the data folder of a coordinator with --data-dir, or a PostgreSQL server with --db.',
    })
  }
  try {
    return await startEmbeddedPostgres(folder)
  } catch (error) {
    const url = error instanceof FedError && error.code === 'data-folder-in-use' ? await runningPostgres(folder) : null
    if (url === null) throw error
    return { url, stop: async () => undefined }
  }
}
