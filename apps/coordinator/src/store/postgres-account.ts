import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { FedError } from '@tessera/vocabulary'

const run = promisify(execFile)
const NAME = 'postgres'

/** Whose files the database's are, and whom its server runs as; empty for whoever runs the coordinator. */
export interface Account {
  readonly uid?: number
  readonly gid?: number
}

/** PostgreSQL refuses to run as root; root therefore runs it as the user `postgres`, who is made where there is none. */
export async function postgresAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) return {}
  try {
    return await accountOf(NAME)
  } catch {
    return makeAccount()
  }
}

async function accountOf(name: string): Promise<Account> {
  const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
}

async function makeAccount(): Promise<Account> {
  try {
    await run('groupadd', ['--system', '--force', NAME])
    await run('useradd', ['--system', '--gid', NAME, '--no-create-home', '--shell', '/bin/false', NAME])
    return await accountOf(NAME)
  } catch (cause) {
    throw new FedError('database-failed', `PostgreSQL does not run as root, and no user ${NAME} could be made for it`, {
      fix: 'Start the coordinator as another user, or name a PostgreSQL server with --db.',
      cause,
    })
  }
}
