import { FedError } from '@tessera/vocabulary'
import type pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { type WriteParts, writeArchive } from './backup-archive.ts'
import type { BackupManifest, BackupProgress, BackupTable } from './backup-manifest.ts'
import { copyOf, madeBy, migrationScripts, readTables, type TableShape } from './backup-tables.ts'
import { connectTo, describePlace } from './database-connection.ts'
import { appliedMigrations, newer } from './migrations.ts'

export interface BackupOptions {
  /** The version of the program. */
  readonly version: string
  /** In rows. */
  readonly onProgress?: BackupProgress
}

/** The text of a value is the same on every server, and gives back every bit of it; a large table takes its time. */
const SESSION = `
  SET datestyle = 'ISO'; SET timezone = 'UTC'; SET extra_float_digits = 3; SET bytea_output = 'hex';
  SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0`
const LINE_FEED = 10

/**
 * Write all that the database holds at one moment into a file; a coordinator may go on with it meanwhile.
 *
 * @throws {FedError} 'invalid-config' for a database of something else, 'database-newer', 'disk-full',
 *   'file-not-found', and what `connectTo` throws.
 */
export async function backUp(url: string, file: string, options: BackupOptions): Promise<BackupManifest> {
  const client = await connectTo(url, { application_name: 'tessera backup' })
  try {
    const [scripts, migrations] = [await migrationScripts(), await appliedMigrations(url)]
    const unknown = migrations.filter((name) => !scripts.some((script) => script.name === name))
    if (unknown.length > 0) throw newer(unknown)
    if (migrations.length === 0) throw notOurs(url)
    await client.query(SESSION)
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const shapes = await readTables(client, madeBy(scripts, 'TABLE'))
    const counter = await countAll(client, shapes, options.onProgress)
    return await writeArchive(file, async (writeParts) => {
      const tables: BackupTable[] = []
      for (const shape of shapes) tables.push(await writeTable(client, shape, { writeParts, counted: counter }))
      const { version } = options
      return { format: 1, product: 'tessera', version, createdAt: new Date().toISOString(), migrations, tables }
    })
  } finally {
    await client.end()
  }
}

/** What is told of rows as they pass. */
async function countAll(
  client: pg.Client,
  shapes: readonly TableShape[],
  onProgress: BackupProgress = () => undefined,
): Promise<(rows: number) => void> {
  let [all, done] = [0, 0]
  for (const { name } of shapes) {
    const { rows } = await client.query<{ rows: string }>(`SELECT count(*) AS rows FROM "${name}"`)
    all += Number(rows[0]?.rows)
  }
  return (rows) => {
    done += rows
    onProgress(done, all)
  }
}

async function writeTable(
  client: pg.Client,
  shape: TableShape,
  { writeParts, counted }: { writeParts: WriteParts; counted: (rows: number) => void },
): Promise<BackupTable> {
  let rows = 0
  const copied = client.query(copyTo(`${copyOf(shape)} TO STDOUT`))
  async function* counting(): AsyncGenerator<Buffer, void> {
    for await (const piece of copied as AsyncIterable<Buffer>) {
      const lines = countLines(piece)
      rows += lines
      counted(lines)
      yield piece
    }
  }
  const parts = await writeParts(`tables/${shape.name}`, counting())
  return { name: shape.name, columns: [...shape.columns], rows, parts }
}

/** A row is a line: within a value, COPY writes a line feed as two letters. */
function countLines(piece: Buffer): number {
  let lines = 0
  for (let at = piece.indexOf(LINE_FEED); at >= 0; at = piece.indexOf(LINE_FEED, at + 1)) lines += 1
  return lines
}

function notOurs(url: string): FedError {
  return new FedError('invalid-config', `the database at ${describePlace(url)} holds nothing of Tessera`, {
    fix: 'Name the database of a coordinator with --db, or its data folder with --data-dir.',
  })
}
