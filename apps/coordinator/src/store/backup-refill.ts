import { pipeline } from 'node:stream/promises'
import { isDeepStrictEqual } from 'node:util'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { type ArchivedFile, describePart, invalidBackup, readArchive } from './backup-archive.ts'
import type { BackupManifest, BackupTable } from './backup-manifest.ts'
import { copyOf, type Migration, madeBy } from './backup-tables.ts'

export interface Refill {
  /** Of the file; its migrations are the first of the scripts. */
  readonly manifest: BackupManifest
  /** All migrations of this version, which the database has. */
  readonly scripts: readonly Migration[]
  readonly onRead?: (bytes: number) => void
}

/** The table that says which start of a coordinator may write. */
export const TERM = 'Term'

const NO_LIMITS = 'SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0'

/**
 * All tables made anew as the backup's migrations make them, filled from it, and led on to this version's: one
 * transaction, which is why the scripts are run here and not by the engine. No start of a coordinator from before comes
 * to power again: the next one counts on from the highest number there was.
 *
 * @throws {FedError} 'invalid-backup': the file is another one than the manifest speaks of.
 */
export async function refill(client: pg.Client, file: string, { manifest, scripts, onRead }: Refill): Promise<void> {
  const past = manifest.migrations.length
  await client.query(`${NO_LIMITS}; BEGIN`)
  const { rows } = await client.query<{ term: number }>(`SELECT coalesce(max("value"), 0) AS term FROM "${TERM}"`)
  for (const name of madeBy(scripts, 'TABLE')) await client.query(`DROP TABLE IF EXISTS "${name}" CASCADE`)
  for (const name of madeBy(scripts, 'TYPE')) await client.query(`DROP TYPE IF EXISTS "${name}"`)
  for (const { sql } of scripts.slice(0, past)) await client.query(sql)
  const files = readArchive(file, onRead)
  try {
    for (const table of manifest.tables) await fill(client, file, { table, files })
  } finally {
    await files.return()
  }
  for (const { sql } of scripts.slice(past)) await client.query(sql)
  const counted = `INSERT INTO "${TERM}" ("id", "value") VALUES (1, $1)
    ON CONFLICT ("id") DO UPDATE SET "value" = greatest("${TERM}"."value", EXCLUDED."value")`
  await client.query(counted, [rows[0]?.term])
  await client.query('COMMIT')
}

async function fill(
  client: pg.Client,
  file: string,
  { table, files }: { table: BackupTable; files: AsyncIterator<ArchivedFile> },
): Promise<void> {
  const copied = copyFrom(`${copyOf(table)} FROM STDIN`)
  await pipeline(partsOf(file, table, files), client.query(copied))
  if (copied.rowCount !== table.rows) throw invalidBackup(file, `it has ${copied.rowCount} rows of ${table.name}`)
}

/** The bytes of a table, compared with the manifest once more: the file may be another than a moment ago. */
async function* partsOf(
  file: string,
  { parts }: BackupTable,
  files: AsyncIterator<ArchivedFile>,
): AsyncGenerator<Buffer> {
  for (const part of parts) {
    const { value } = await files.next()
    const found: ArchivedFile | undefined = value
    if (found === undefined || !isDeepStrictEqual(describePart(found.name, found.bytes), part)) {
      throw invalidBackup(file, `${part.name} was changed while it was read`)
    }
    yield found.bytes
  }
}
