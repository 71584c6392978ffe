import { FedError } from '@tessera/vocabulary'
import pg from 'pg'
import { readMigrations, readSchema } from './migration-folder.ts'
import { withSchemaEngine } from './schema-engine.ts'

/**
 * Bring a database to this version's schema. What is there already is not applied again.
 *
 * @returns The names of the migrations that were applied now.
 * @throws {FedError} 'database-newer' for a database that has migrations which this version does not know;
 *   'database-failed' for one that a migration stopped half-way in, or that has tables of something else.
 */
export async function migrate(url: string): Promise<readonly string[]> {
  const migrationsList = await readMigrations()
  const known = new Set(migrationsList.migrationDirectories.map(({ path }) => path))
  const applied = await appliedMigrations(url)
  const unknown = applied.filter((name) => !known.has(name))
  if (unknown.length > 0) throw newer(unknown)
  if (applied.length === known.size) return []
  try {
    return await withSchemaEngine({ url, schema: await readSchema() }, async (engine, filters) => {
      const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters })
      return appliedMigrationNames
    })
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new FedError('database-failed', `the database could not be migrated: ${message}`, {
      fix: 'Give the coordinator an empty database, or one that an earlier Tessera left in good order.',
      cause,
    })
  }
}

/** Names that Prisma's own table holds as done; none for a database without that table. */
export async function appliedMigrations(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ found: boolean }>(
      `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS found`,
    )
    if (!rows[0]?.found) return []
    const done = await client.query<{ migration_name: string }>(
      'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
    )
    return done.rows.map(({ migration_name }) => migration_name)
  } finally {
    await client.end()
  }
}

export function newer(unknown: readonly string[]): FedError {
  return new FedError(
    'database-newer',
    `the database has migrations that this version does not know: ${unknown.join(', ')}`,
    {
      fix: 'Start the newer Tessera that wrote it, or give this one another database.',
      details: { unknown },
    },
  )
}
