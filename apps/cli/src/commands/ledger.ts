import { type LedgerSplit, ledgerSplit } from '@tessera/protocol'
import { type Command, Option } from 'commander'
import { contextOf } from '../context.ts'
import { ledgerCsv, ledgerTable, soFar } from '../ledger-table.ts'

interface LedgerOptions {
  readonly by: LedgerSplit
  readonly csv: boolean
}

const HELP = `
model         files of the base model            update   what clients send of their training
factors       frozen factors, and measurements   control  other messages, and what is around all of them
coordinates   what a round starts from           retry    sent before, or came to nothing

The floor is the least that the method and its codec could have sent. Without a run: what moved while workers had no
work.

Examples:
  tessera ledger demo-1a2b3c4d --by round
  tessera ledger demo-1a2b3c4d --by client --csv > bytes.csv`

export function ledgerCommand(program: Command): void {
  program
    .command('ledger')
    .argument('[run]')
    .description('Every byte that a run moved, beside the least that it could have been.')
    .addOption(new Option('--by <what>', 'a row for each').choices(ledgerSplit.options).default('kind'))
    .option('--csv', 'plain numbers of bytes, one line a row', false)
    .addHelpText('after', HELP)
    .action(async (run: string | undefined, { by, csv }: LedgerOptions, command: Command) => {
      const { terminal, api } = contextOf(command)
      const ledger = await (await api()).ledger(run ?? null, [by])
      terminal.data(ledger)
      terminal.show(csv ? ledgerCsv(ledger, by) : ledgerTable(ledger, by))
      const note = soFar(ledger)
      if (note !== null) terminal.say(note)
    })
}
