import { FedError } from '@tessera/vocabulary'
import { CommanderError } from 'commander'
import { fail, failUsage } from './failure.ts'
import { createProgram } from './program.ts'

/** `tessera … | head` closes our output early, which is no failure. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 70))

try {
  await createProgram().parseAsync()
} catch (error) {
  const json = process.argv.includes('--json')
  process.exitCode = error instanceof CommanderError ? failUsage(error, { json }) : fail(error, { json })
  if (error instanceof FedError && error.code === 'cancelled') process.exit() // what it waited for may never come
}
