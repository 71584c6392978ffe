import { CommanderError } from 'commander'
import { vi } from 'vitest'
import { fail, failUsage } from '../../apps/cli/src/failure.ts'
import { createProgram } from '../../apps/cli/src/program.ts'

export interface CommandResult {
  /** Exit status. */
  readonly exit: number
  /** The documents on standard output. */
  readonly documents: readonly unknown[]
  /** What people read. */
  readonly said: string
}

/** One `tessera --json` command in this process, which saves the second that a process of its own takes to start. */
export async function tessera(...args: readonly string[]): Promise<CommandResult> {
  let [out, said] = ['', '']
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text
    return true
  })
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += text
    return true
  })
  try {
    const exit = await statusOf(args)
    const lines = out.split('\n').filter((line) => line !== '')
    return { exit, documents: lines.map((line) => JSON.parse(line) as unknown), said }
  } finally {
    stdout.mockRestore()
    stderr.mockRestore()
  }
}

async function statusOf(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(['node', 'tessera', '--json', ...args])
    return 0
  } catch (error) {
    return error instanceof CommanderError ? failUsage(error, { json: true }) : fail(error, { json: true })
  }
}
