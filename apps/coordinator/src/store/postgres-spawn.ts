import { type ChildProcess, spawn } from 'node:child_process'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FedError } from '@tessera/vocabulary'
import { freeBytes } from './free-space.ts'
import type { Account } from './postgres-account.ts'

const LOG = 'postgres.log'
const LARGEST_LOG_BYTES = 8 * 1024 * 1024
const SHOWN_LOG_LINES = 6
/** A start writes at least one segment of the server's log of changes, which has 16 MiB. */
const LEAST_FREE_BYTES = 32 * 1024 * 1024

export interface SpawnPlace {
  /** The data folder, where the log lies. */
  readonly folder: string
  readonly account: Account
}

/** Start one of PostgreSQL's programs with its output in the log, in a session of its own. */
export async function spawnProgram(
  program: string,
  args: string[],
  { folder, account }: SpawnPlace,
): Promise<ChildProcess> {
  const log = await openLog(folder)
  try {
    return spawn(program, args, {
      ...account,
      // Every folder is given by its full path; this one is open to whatever account the program runs as.
      cwd: '/',
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    })
  } finally {
    await log.close()
  }
}

/** Run a program to its end. @throws {FedError} 'database-failed' with the end of the log. */
export async function runProgram(program: string, args: string[], place: SpawnPlace): Promise<void> {
  const child = await spawnProgram(program, args, place)
  const code = await new Promise((done) => child.once('exit', done).once('error', done))
  if (code !== 0) throw await failure(place.folder, code instanceof Error ? code : undefined)
}

/** Why a program failed, from its log; a full disk can not say so there. */
export async function failure(folder: string, cause?: unknown): Promise<FedError> {
  if ((await freeBytes(folder).catch(() => LEAST_FREE_BYTES)) < LEAST_FREE_BYTES) {
    return new FedError('disk-full', `the disk of ${folder} is full: the embedded PostgreSQL does not start`, {
      fix: 'Make room on it, or name a PostgreSQL server with --db.',
      cause,
    })
  }
  const text = await readFile(join(folder, LOG), 'utf8').catch(() => '')
  const end = text.trimEnd().split('\n').slice(-SHOWN_LOG_LINES).join('\n')
  return new FedError('database-failed', `the embedded PostgreSQL does not start; its log ends with:\n${end}`, {
    fix: `Read ${join(folder, LOG)}, or name a PostgreSQL server with --db.`,
    cause,
  })
}

async function openLog(folder: string): Promise<FileHandle> {
  const log = await open(join(folder, LOG), 'a', 0o600)
  if ((await log.stat()).size > LARGEST_LOG_BYTES) await log.truncate(0)
  return log
}
