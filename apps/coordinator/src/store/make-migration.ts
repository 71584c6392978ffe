import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DiffTarget } from '@prisma/schema-engine-wasm'
import { LOCKFILE, MIGRATIONS, readMigrations, readSchema } from './migration-folder.ts'
import { withSchemaEngine } from './schema-engine.ts'

/** Beside a migration's SQL lies the schema that it leads to: the next one starts from there. */
const SNAPSHOT = 'schema.prisma'

/**
 * Write the migration that leads from the migrations so far to the schema, so that nobody writes its SQL by hand.
 *
 * @param url Any database: the engine connects before it compares, and changes nothing.
 * @returns The new migration's name; null when there is nothing to change.
 */
export async function makeMigration(url: string, { name, at }: { name: string; at: Date }): Promise<string | null> {
  const script = await pendingScript(url)
  if (script === null) return null
  const migration = `${at.toISOString().replace(/\D/g, '').slice(0, 14)}_${name}`
  const folder = join(MIGRATIONS, migration)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'migration.sql'), script)
  await writeFile(join(folder, SNAPSHOT), await readSchema())
  await writeFile(join(MIGRATIONS, 'migration_lock.toml'), LOCKFILE)
  return migration
}

/** The SQL that the migrations so far lack of the schema; null when they lack none. */
export async function pendingScript(url: string): Promise<string | null> {
  const schema = await readSchema()
  const last = (await readMigrations()).migrationDirectories.at(-1)
  const from = last === undefined ? EMPTY : datamodel(await readFile(join(MIGRATIONS, last.path, SNAPSHOT), 'utf8'))
  const { exitCode, stdout } = await withSchemaEngine({ url, schema }, (engine, filters) =>
    engine.diff({ from, to: datamodel(schema), script: true, exitCode: true, filters }),
  )
  return exitCode === 0 ? null : stdout
}

const EMPTY: DiffTarget = { tag: 'empty' }

const datamodel = (content: string): DiffTarget => ({
  tag: 'schemaDatamodel',
  files: [{ path: 'schema.prisma', content }],
})
