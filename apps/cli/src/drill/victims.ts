import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { FedError } from '@tessera/vocabulary'
import type { Deployment } from './deployment.ts'
import type { ManagedProcess } from './managed-process.ts'
import type { Random } from './seeded-random.ts'
import type { Target } from './target.ts'

/** A process that a drill may end, or stop for a while. */
export interface Victim {
  readonly name: string
  /** SIGKILL; the answer is the process id that it had. */
  kill(): Promise<number>
  /** Start it again with these flags of Node; null where that is somebody else's duty. */
  readonly revive: ((nodeFlags?: readonly string[]) => void) | null
  /** What has to stop for it to stop. */
  pids(): Promise<readonly number[]>
}

const BACK_WITHIN_MS = 30_000
const POLL_MS = 50

/**
 * Whoever a drill may be done to, one after the other: `random` chooses anew each time among what there is.
 *
 * @param pids Processes on this machine, by their ids, instead of those of the deployment.
 * @throws {FedError} `invalid-config`: the deployment has none of these.
 */
export function victims(deployment: Deployment, target: Target, random: Random, pids: readonly number[]): () => Victim {
  if (pids.length > 0) return inTurn(pids.map(foreign))
  const { coordinator, workers } = deployment
  const kinds = {
    coordinator: coordinator === null ? [] : [managed(coordinator)],
    worker: workers.map(({ process }) => managed(process)),
    postgres: coordinator !== null && deployment.embedded ? [postgres(deployment)] : [],
  }
  const wanted = target === 'random' ? Object.values(kinds) : [kinds[target]]
  const present = wanted.filter((kind) => kind.length > 0)
  if (present.length === 0) {
    throw new FedError('invalid-config', `the drill has no ${target} of its own here`, {
      fix: 'Name the process with --pid, or choose another --target.',
    })
  }
  return () => random.pick(random.pick(present))
}

function inTurn(all: readonly Victim[]): () => Victim {
  let next = 0
  return () => all[next++ % all.length]
}

function managed(process: ManagedProcess): Victim {
  return {
    name: process.name,
    async kill() {
      const pid = await awaitPid(async () => process.pid, process.name)
      await process.kill()
      return pid
    },
    revive: (nodeFlags = process.nodeFlags) => process.start(nodeFlags),
    pids: async () => [await awaitPid(async () => process.pid, process.name)],
  }
}

/** The coordinator starts it again. */
function postgres(deployment: Deployment): Victim {
  const postmaster = () => awaitPid(() => deployment.postgresPid(), 'Postgres')
  return {
    name: 'Postgres',
    async kill() {
      const pid = await postmaster()
      signal(pid, 'SIGKILL')
      return pid
    },
    revive: null,
    async pids() {
      const pid = await postmaster()
      return [pid, ...(await childrenOf(pid))]
    },
  }
}

/** Somebody else's process: whoever started it starts it again. */
function foreign(pid: number): Victim {
  return {
    name: `process ${pid}`,
    async kill() {
      process.kill(pid, 'SIGKILL')
      return pid
    },
    revive: null,
    pids: async () => [pid],
  }
}

/** A process that is just being started again has an id soon. */
async function awaitPid(pid: () => Promise<number | null>, name: string): Promise<number> {
  for (let waitedMs = 0; waitedMs < BACK_WITHIN_MS; waitedMs += POLL_MS) {
    const found = await pid()
    if (found !== null && signal(found, 0)) return found
    await sleep(POLL_MS)
  }
  throw new FedError('timeout', `${name} did not come back`)
}

/** False when there is no such process any more. */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid='])
  const rows = stdout.trim().split('\n')
  return rows.map((row) => row.trim().split(/\s+/).map(Number)).flatMap(([child, of]) => (of === pid ? [child] : []))
}
