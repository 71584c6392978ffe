import { startCoordinator } from '@tessera/coordinator'
import type { Command } from 'commander'
import colors from 'picocolors'
import { contextOf } from '../context.ts'
import { portOf, positiveInteger } from '../flags.ts'
import { untilInterrupted } from '../interrupt.ts'

interface UpOptions {
  readonly port: number
  readonly host: string
  readonly db: string
  readonly diskReserve?: number
}

export function upCommand(program: Command): void {
  program
    .command('up')
    .description('Start a coordinator: database, rounds, the page. It goes on where the last one stopped.')
    .option('--port <port>', 'port of the page, the HTTP interface and the workers', portOf, 8080)
    .option('--host <address>', 'address to listen on; 0.0.0.0 for other machines', '127.0.0.1')
    .option('--db <url>', 'embedded, or the URL of a PostgreSQL server (default: DATABASE_URL, else embedded)')
    .option(
      '--disk-reserve <MiB>',
      "runs pause while the embedded database's disk has less than this free (default: TESSERA_DISK_RESERVE, else 256)",
      positiveInteger,
    )
    .addHelpText('after', '\nExample:\n  tessera up --port 8080\n  tessera up --db postgres://user@host/tessera')
    .action(async ({ port, host, db, diskReserve }: UpOptions, command: Command) => {
      const { config, terminal } = contextOf(command)
      const coordinator = await startCoordinator({
        port,
        host,
        dataFolder: config.dataFolder,
        databaseUrl: db === 'embedded' ? undefined : (db ?? config.databaseUrl),
        token: config.token,
        diskReserveBytes: (diskReserve ?? config.diskReserve) * 2 ** 20,
        logLevel: config.logLevel,
      })
      // Signals are heard before anybody is told that it is up.
      const over = untilInterrupted(() => coordinator.stop(), coordinator.ended)
      terminal.data({ url: coordinator.url, token: coordinator.token, dataFolder: config.dataFolder })
      terminal.show(`${colors.bold('Tessera')} is up: ${colors.cyan(`${coordinator.url}/#token=${coordinator.token}`)}`)
      terminal.show(
        `A worker joins with: tessera join ${coordinator.url} --token ${coordinator.token} --data FILE.jsonl`,
      )
      terminal.show(colors.dim('Ctrl-C stops it; nothing is lost, and `tessera up` goes on.'))
      await over
    })
}
