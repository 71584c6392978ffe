import { homedir } from 'node:os'
import { join } from 'node:path'
import { FedError } from '@tessera/vocabulary'
import { InvalidArgumentError } from 'commander'
import { positiveInteger } from './flags.ts'

/** The only reader of the environment: what the flags fall back to. */
export interface CliConfig {
  readonly dataFolder: string
  readonly server: string
  readonly token: string | undefined
  readonly databaseUrl: string | undefined
  readonly logLevel: string
  /** MiB that stay free on the disk of the embedded database. */
  readonly diskReserve: number
}

/** @throws {FedError} `invalid-config` */
export function readConfig(env: NodeJS.ProcessEnv = process.env): CliConfig {
  return {
    dataFolder: env.TESSERA_HOME ?? join(homedir(), '.tessera'),
    server: env.TESSERA_SERVER ?? 'http://127.0.0.1:8080',
    token: env.TESSERA_TOKEN,
    databaseUrl: env.DATABASE_URL,
    logLevel: env.TESSERA_LOG ?? 'info',
    diskReserve: diskReserveOf(env.TESSERA_DISK_RESERVE),
  }
}

const DISK_RESERVE_MIB = 256

function diskReserveOf(text: string | undefined): number {
  if (text === undefined || text === '') return DISK_RESERVE_MIB
  try {
    return positiveInteger(text)
  } catch (cause) {
    if (!(cause instanceof InvalidArgumentError)) throw cause
    throw new FedError('invalid-config', `TESSERA_DISK_RESERVE is "${text}": ${cause.message}`, {
      cause,
      fix: 'Give it in MiB, or leave it away.',
    })
  }
}
