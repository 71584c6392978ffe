import { resolve } from 'node:path'
import type { Command } from 'commander'
import { contextOf } from '../context.ts'
import { bundledScript, runDemo } from '../demo/demo.ts'
import { portOf, seedOf } from '../flags.ts'

interface DemoOptions {
  readonly seed: number
  readonly compare: boolean
  readonly keep: boolean
  readonly port: number
}

export function demoCommand(program: Command): void {
  program
    .command('demo')
    .description('A whole federation on this machine: database, coordinator, three workers, real text, one result.')
    .option('--seed <n>', 'the same seed gives the same adapter, byte for byte', seedOf, 1)
    .option('--compare', 'also train centrally, and each client alone, for the same number of steps', false)
    .option('--keep', 'leave the coordinator running for a look around', false)
    .option('--port <port>', 'port of the page; 0 takes a free one', portOf, 0)
    .action(async ({ seed, ...options }: DemoOptions, command: Command) => {
      const { terminal } = contextOf(command)
      await runDemo(await bundledScript(seed), { ...options, parent: resolve('.tessera') }, terminal)
    })
}
