import { Command } from 'commander'
import { dbCommand } from './commands/db.ts'
import { demoCommand } from './commands/demo.ts'
import { drillCommand } from './commands/drill.ts'
import { evalCommand } from './commands/eval.ts'
import { exportCommand } from './commands/export.ts'
import { joinCommand } from './commands/join.ts'
import { ledgerCommand } from './commands/ledger.ts'
import { receiptCommand } from './commands/receipt.ts'
import { runCommand } from './commands/run.ts'
import { runsCommand } from './commands/runs.ts'
import { upCommand } from './commands/up.ts'
import { verifyCommand } from './commands/verify.ts'
import { usageText } from './failure.ts'
import { secondsOf } from './flags.ts'

const EXIT_CODES = `
Exit codes: 0 done, 1 the run ended without a result, 2 authentication or connection, 3 time-out,
4 conflict or not found, 5 invalid configuration or input, 6 refused before the start, 70 internal.`

/** The whole command line, ready to parse. */
export function createProgram(): Command {
  const program = new Command('tessera')
    .description('Federated adapter fine-tuning: exact by construction, on data that never leaves its place.')
    .version('0.1.0')
    .option('--json', 'one JSON document on standard output; people read standard error', false)
    .option('--quiet', 'nothing on standard error but errors', false)
    .option('--server <url>', 'the coordinator to talk to (default: http://127.0.0.1:8080, or TESSERA_SERVER)')
    .option('--token <token>', "the coordinator's token (default: TESSERA_TOKEN, or the local data folder's)")
    .option('--data-dir <dir>', 'where this machine keeps its state (default: ~/.tessera, or TESSERA_HOME)')
    .option('--timeout <seconds>', 'the longest that a command waits for the coordinator and its runs', secondsOf)
    .option('--yes', 'do not ask before something is done that can not be undone', false)
    .option('--no-color', 'no colours, as with NO_COLOR in the environment')
    .addHelpText('after', EXIT_CODES)
    .configureOutput({ outputError: (message, write) => write(usageText(message)) })
    .exitOverride()
  for (const add of [
    upCommand,
    joinCommand,
    runCommand,
    runsCommand,
    evalCommand,
    exportCommand,
    verifyCommand,
    receiptCommand,
    ledgerCommand,
    dbCommand,
    demoCommand,
    drillCommand,
  ])
    add(program)
  return program
}
