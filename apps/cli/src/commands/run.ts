import type { Command } from 'commander'
import { contextOf } from '../context.ts'
import { collect, seedOf } from '../flags.ts'
import { parseSpecFromHere, readSpecFile, type SpecSource } from '../spec-file.ts'
import { specHelp } from '../spec-help.ts'
import { watchRun } from '../watch-run.ts'

interface RunOptions extends Omit<SpecSource, 'file'> {
  readonly watch: boolean
  readonly submitToken?: string
}

export function runCommand(program: Command): void {
  program
    .command('run')
    .argument('[file]', 'a run specification in YAML or JSON; every field has a default')
    .description('Start a run at the coordinator.')
    .option('--set <path=value>', 'set one field, e.g. --set adapter.rank=16; may be repeated', collect, [])
    .option('--name <name>', 'the same as --set name=…')
    .option('--seed <n>', 'the same as --set seed=…', seedOf)
    .option('--submit-token <text>', 'the same token gives the same run, so that this may be repeated')
    .option('--watch', 'follow the run to its end', false)
    .addHelpText('after', () => `\nFields:\n${specHelp()}`)
    .action(async (file: string | undefined, { submitToken, ...options }: RunOptions, command: Command) => {
      const { terminal, api } = contextOf(command)
      const spec = parseSpecFromHere(await readSpecFile({ file, ...options }))
      const client = await api()
      const id = await client.createRun(spec, { submitToken })
      if (!options.watch) {
        terminal.data({ id })
        terminal.show(id)
        return
      }
      terminal.say(`run ${id}`)
      const run = await watchRun(client, id, terminal)
      terminal.data(run)
    })
}
