import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MigrationList } from '@prisma/schema-engine-wasm'

const PRISMA = fileURLToPath(new URL('../../../../prisma/', import.meta.url))

export const MIGRATIONS = join(PRISMA, 'migrations')

export const LOCKFILE = 'provider = "postgresql"\n'

export const readSchema = (): Promise<string> => readFile(join(PRISMA, 'schema.prisma'), 'utf8')

/** All migrations of this version, oldest first, as the schema engine wants them. */
export async function readMigrations(): Promise<MigrationList> {
  const entries = await readdir(MIGRATIONS, { withFileTypes: true }).catch(() => [])
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  return {
    baseDir: MIGRATIONS,
    lockfile: { path: 'migration_lock.toml', content: LOCKFILE },
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(names.sort().map(readMigration)),
  }
}

async function readMigration(name: string): Promise<MigrationList['migrationDirectories'][number]> {
  const value = await readFile(join(MIGRATIONS, name, 'migration.sql'), 'utf8')
  return { path: name, migrationFile: { path: 'migration.sql', content: { tag: 'ok', value } } }
}
