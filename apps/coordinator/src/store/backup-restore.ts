import { stat } from 'node:fs/promises'
import { FedError } from '@tessera/vocabulary'
import type pg from 'pg'
import { checkArchive, invalidBackup } from './backup-archive.ts'
import type { BackupManifest, BackupProgress } from './backup-manifest.ts'
import { refill, TERM } from './backup-refill.ts'
import { type Migration, madeBy, migrationScripts, readTables } from './backup-tables.ts'
import { takeLease } from './coordinator-lease.ts'
import { connectTo, describePlace } from './database-connection.ts'
import { asked } from './database-error.ts'
import { appliedMigrations, migrate, newer } from './migrations.ts'

export interface RestoreOptions {
  /** Whether what the database holds may go. */
  readonly replace: boolean
  /** In bytes of the file, which is read twice. */
  readonly onProgress?: BackupProgress
}

/** A file that was checked as a whole. */
export interface CheckedBackup {
  readonly file: string
  readonly manifest: BackupManifest
  readonly scripts: readonly Migration[]
  readonly options: RestoreOptions
  readonly size: number
}

/**
 * Read a backup to its end and compare every hash, before anything is written.
 *
 * @throws {FedError} 'invalid-backup', 'file-not-found', 'database-newer'
 */
export async function checkBackup(file: string, options: RestoreOptions): Promise<CheckedBackup> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0, // to be told by the reading
  )
  const manifest = await checkArchive(file, (bytes) => options.onProgress?.(bytes, 2 * size))
  const scripts = await migrationScripts()
  requireKnown(file, manifest, scripts)
  return { file, manifest, scripts, options, size }
}

/**
 * Make a database what a backup says, in one transaction: what breaks off leaves what was there. A backup of an earlier
 * version is read into the tables of its time, which are then migrated.
 *
 * @throws {FedError} 'conflict' for a database that holds something, 'database-newer', 'database-in-use',
 *   'invalid-backup' where the file was changed, and what `connectTo` and `migrate` throw.
 */
export async function restoreBackup(url: string, checked: CheckedBackup): Promise<BackupManifest> {
  const { file, manifest, scripts, options, size } = checked
  const lease = await takeLease(url)
  try {
    const client = await connectTo(url, { application_name: 'tessera restore' })
    try {
      await requirePlace(client, url, checked)
      await migrate(url)
      const onRead = (bytes: number) => options.onProgress?.(size + bytes, 2 * size)
      await asked(() => refill(client, file, { manifest, scripts, onRead }))
      return manifest
    } finally {
      await client.end()
    }
  } finally {
    await lease.close()
  }
}

/** A backup's migrations are the first ones of this version's. */
function requireKnown(file: string, { migrations, version }: BackupManifest, scripts: readonly Migration[]): void {
  const known = scripts.map(({ name }) => name)
  const unknown = migrations.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    const message = `${file} was written by Tessera ${version}, whose tables this version does not know`
    throw new FedError('database-newer', message, { fix: 'Restore it with that version.', details: { unknown } })
  }
  if (migrations.some((name, at) => name !== known[at])) throw invalidBackup(file, 'its migrations are out of order')
}

/** The database is of no newer version, and is empty unless it may be replaced. */
async function requirePlace(
  client: pg.Client,
  url: string,
  { scripts, options: { replace } }: CheckedBackup,
): Promise<void> {
  const unknown = (await appliedMigrations(url)).filter((name) => !scripts.some((script) => script.name === name))
  if (unknown.length > 0) throw newer(unknown)
  if (replace) return
  for (const { name } of await readTables(client, madeBy(scripts, 'TABLE'))) {
    const { rowCount } = await client.query(`SELECT FROM "${name}" LIMIT 1`)
    if (name === TERM || rowCount === 0) continue
    throw new FedError('conflict', `the database at ${describePlace(url)} is not empty: it has a ${name}`, {
      fix: 'Restore into another database, or let go what is there with --replace.',
    })
  }
}
