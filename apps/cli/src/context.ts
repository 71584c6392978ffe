import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { type ApiClient, createApiClient } from './api-client.ts'
import { type CliConfig, readConfig } from './config.ts'
import { createTerminal, type Terminal } from './terminal.ts'

/** What every command works with. */
export interface Context {
  readonly config: CliConfig
  readonly terminal: Terminal
  /** Nobody is to be asked. */
  readonly yes: boolean
  /** The coordinator that `--server` names, with the token of `--token`, the environment or the local data folder; `--timeout` ends it. */
  api(): Promise<ApiClient>
}

export interface GlobalOptions {
  readonly json: boolean
  readonly quiet: boolean
  readonly server?: string
  readonly token?: string
  readonly dataDir?: string
  /** Milliseconds. */
  readonly timeout?: number
  readonly yes: boolean
}

export function contextOf(command: Command): Context {
  const options = command.optsWithGlobals<GlobalOptions>()
  const base = readConfig()
  const config: CliConfig = {
    ...base,
    dataFolder: options.dataDir ?? base.dataFolder,
    server: options.server ?? base.server,
    token: options.token ?? base.token,
  }
  // From now on, whatever the command asks first.
  const signal = options.timeout === undefined ? undefined : AbortSignal.timeout(options.timeout)
  return {
    config,
    yes: options.yes ?? false,
    terminal: createTerminal({ json: options.json ?? false, quiet: options.quiet ?? false }),
    api: async () => createApiClient(config.server, config.token ?? (await localToken(config.dataFolder)), signal),
  }
}

/** A coordinator on this machine keeps its token in its data folder. */
async function localToken(dataFolder: string): Promise<string | undefined> {
  const text = await readFile(join(dataFolder, 'token'), 'utf8').catch(() => undefined)
  return text?.trim()
}
