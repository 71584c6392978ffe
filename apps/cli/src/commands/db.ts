import { resolve } from 'node:path'
import { backUpDatabase, type DatabasePlace, migrateDatabase, restoreDatabase } from '@tessera/coordinator'
import type { Command } from 'commander'
import type { CliConfig } from '../config.ts'
import { contextOf } from '../context.ts'
import { unlessInterrupted } from '../interrupt.ts'
import type { Terminal } from '../terminal.ts'

interface DatabaseOptions {
  readonly db?: string
}

const DB = ['--db <url>', 'embedded, or the URL of a PostgreSQL server (default: DATABASE_URL, else embedded)'] as const

const BACKUP_HELP = `
The file holds all runs with their logs, updates, adapters and clients: keep it as safe as the database. A coordinator
may go on meanwhile. Workers also need the same token and base models, which lie beside the database.`

const RESTORE_HELP = `
The file is checked as a whole before anything is written, and what is written is written at once or not at all. A
backup of an earlier version is migrated. Stop the coordinator first; \`tessera up\` then goes on with the runs.`

export function dbCommand(program: Command): void {
  const db = program.command('db').description("Back up, restore and migrate the coordinator's database.")
  db.command('backup')
    .argument('<file>', 'file to write; it appears when it is whole')
    .description('Write all that the database holds at this moment into one file.')
    .option(...DB)
    .addHelpText('after', BACKUP_HELP)
    .action(async (file: string, options: DatabaseOptions, command: Command) => {
      const { config, terminal } = contextOf(command)
      const version = command.parent?.parent?.version() ?? ''
      await unlessInterrupted(() => backup(resolve(file), { place: placeOf(options, config), version, terminal }))
    })
  db.command('restore')
    .argument('<file>', 'what `tessera db backup` wrote')
    .description('Make a database what a backup says.')
    .option(...DB)
    .option('--replace', 'let go what the database holds', false)
    .addHelpText('after', RESTORE_HELP)
    .action(async (file: string, options: DatabaseOptions & { replace: boolean }, command: Command) => {
      const { config, terminal } = contextOf(command)
      const { replace } = options
      await unlessInterrupted(() => restore(resolve(file), { place: placeOf(options, config), replace, terminal }))
    })
  db.command('migrate')
    .description("Bring the database to this version's tables, as `tessera up` does when it starts.")
    .option(...DB)
    .action(async (options: DatabaseOptions, command: Command) => {
      const { config, terminal } = contextOf(command)
      const migrated = await migrateDatabase(placeOf(options, config))
      terminal.data({ migrated })
      terminal.show(migrated.length === 0 ? 'nothing to migrate' : `migrated: ${migrated.join(', ')}`)
    })
}

interface Task {
  readonly place: DatabasePlace
  readonly terminal: Terminal
}

async function backup(file: string, { place, version, terminal }: Task & { version: string }): Promise<void> {
  const { tables, migrations } = await withBar(terminal, 'rows', (onProgress) =>
    backUpDatabase(place, file, { version, onProgress }),
  )
  summarise(terminal, { file, tables, migrations })
}

async function restore(file: string, { place, replace, terminal }: Task & { replace: boolean }): Promise<void> {
  const { tables, migrations, createdAt } = await withBar(terminal, 'MB', (onProgress) =>
    restoreDatabase(place, file, { replace, onProgress: (done, of) => onProgress(megabytes(done), megabytes(of)) }),
  )
  summarise(terminal, { file, tables, migrations })
  terminal.show(`the database is as it was at ${createdAt}`)
}

function summarise(
  terminal: Terminal,
  {
    file,
    tables,
    migrations,
  }: { file: string; tables: readonly { name: string; rows: number }[]; migrations: string[] },
): void {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  const counts = Object.fromEntries(tables.map((table) => [table.name, table.rows]))
  terminal.data({ file, rows, tables: counts, migrations })
  terminal.show(`${file}: ${rows} rows of ${tables.length} tables, ${counts.Run ?? 0} runs`)
}

async function withBar<T>(
  terminal: Terminal,
  name: string,
  work: (onProgress: (done: number, of: number) => void) => Promise<T>,
): Promise<T> {
  const bars = terminal.bars()
  const bar = bars.add(name, 0)
  try {
    return await work((done, of) => {
      bar.total(of)
      bar.set(done)
    })
  } finally {
    bars.stop()
  }
}

const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6)

function placeOf({ db }: DatabaseOptions, { databaseUrl, dataFolder }: CliConfig): DatabasePlace {
  const url = db === 'embedded' ? undefined : (db ?? databaseUrl)
  return url === undefined ? { dataFolder } : { url }
}
