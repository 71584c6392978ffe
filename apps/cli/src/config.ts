import { homedir } from 'node:os'
import { join } from 'node:path'

/** The only reader of the environment: what the flags fall back to. */
export interface CliConfig {
  readonly dataFolder: string
  readonly server: string
  readonly token: string | undefined
  readonly databaseUrl: string | undefined
  readonly logLevel: string
}

export function readConfig(env: NodeJS.ProcessEnv = process.env): CliConfig {
  return {
    dataFolder: env.TESSERA_HOME ?? join(homedir(), '.tessera'),
    server: env.TESSERA_SERVER ?? 'http://127.0.0.1:8080',
    token: env.TESSERA_TOKEN,
    databaseUrl: env.DATABASE_URL,
    logLevel: env.TESSERA_LOG ?? 'info',
  }
}
