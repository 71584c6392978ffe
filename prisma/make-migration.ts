/**
 * Writes the next migration after a change to schema.prisma, by the difference to the migrations so far.
 *
 * Usage: npm run migration <what-it-does>
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '../apps/coordinator/src/store/embedded-postgres.ts'
import { makeMigration } from '../apps/coordinator/src/store/make-migration.ts'

const [name] = process.argv.slice(2)
if (name === undefined || !/^[a-z][a-z0-9-]*$/.test(name)) {
  console.error('Say in a few lower-case words what the migration does: npm run migration add-invitations')
  process.exit(5)
}
const folder = await mkdtemp(join(tmpdir(), 'tessera-migration-'))
const database = await startEmbeddedPostgres(folder)
try {
  const made = await makeMigration(database.url, { name, at: new Date() })
  console.log(made === null ? 'The migrations make this schema already.' : `prisma/migrations/${made}/migration.sql`)
} finally {
  await database.stop()
  await rm(folder, { recursive: true })
}
