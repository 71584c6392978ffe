import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { processMark } from './process-mark.ts'

const NAME = 'postmaster.pid'
const STOP_ATTEMPTS = 200
const STOP_INTERVAL_MS = 50

/** What a running server says about itself in its data folder. */
export interface Postmaster {
  readonly pid: number
  readonly port: number
  readonly ready: boolean
}

export async function readPostmaster(cluster: string): Promise<Postmaster | null> {
  const text = await readFile(join(cluster, NAME), 'utf8').catch(() => null)
  if (text === null) return null
  const lines = text.split('\n')
  return { pid: Number(lines[0]), port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' }
}

/**
 * Stop the server that a killed coordinator left running; the lock on the data folder says that nobody needs it. A file
 * whose process id belongs to another program by now is marked as ours, which PostgreSQL takes for stale: it is not
 * removed, because it also says which shared memory must be free.
 */
export async function stopLeftover(cluster: string): Promise<void> {
  const left = await readPostmaster(cluster)
  if (left === null || (await processMark(left.pid)) === null) return
  if (!(await isPostgres(left.pid))) return claimFile(cluster)
  process.kill(left.pid, 'SIGINT')
  for (let attempt = 0; attempt < STOP_ATTEMPTS; attempt++) {
    if ((await processMark(left.pid)) === null) return
    await sleep(STOP_INTERVAL_MS)
  }
  process.kill(left.pid, 'SIGQUIT')
}

async function isPostgres(pid: number): Promise<boolean> {
  if (process.platform !== 'linux') return true
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return command.split('\0')[0]?.endsWith('postgres') ?? false
}

async function claimFile(cluster: string): Promise<void> {
  const path = join(cluster, NAME)
  const [, ...rest] = (await readFile(path, 'utf8')).split('\n')
  await writeFile(path, [process.pid, ...rest].join('\n'))
}
