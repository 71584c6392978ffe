import type { ChildProcess } from 'node:child_process'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { interruptAfterUs } from './parent-watch.ts'
import { failure, type SpawnPlace, spawnProgram } from './postgres-spawn.ts'
import { readPostmaster, stopLeftover } from './postmaster-file.ts'

const ATTEMPTS = 10
const BETWEEN_ATTEMPTS_MS = 400
const POLL_MS = 20
/** Recovery after a crash replays the log first, so this is long. */
const READY_WITHIN_MS = 120_000
const STOP_WITHIN_MS = 30_000
/** Below those that systems give to outgoing connections: a server that starts again finds its port free. */
const PORTS = { first: 15_000, count: 17_000 }

/** All that the server needs beyond its own defaults. */
const SETTINGS = ['unix_socket_directories=', 'listen_addresses=127.0.0.1', 'max_connections=40', 'log_checkpoints=off']

export interface Server {
  readonly port: number
  /** Resolves when the server is gone, for whatever reason. */
  readonly ended: Promise<void>
  stop(): Promise<void>
}

export interface ServerPlace extends SpawnPlace {
  readonly program: string
  readonly cluster: string
}

/**
 * Start a server on a port that is free and wait until it takes connections. One that ends at once is tried again: its
 * port may have been taken, or what a killed server left behind may not be gone yet.
 *
 * @throws {FedError} 'database-failed', 'disk-full'
 */
export async function startServer(place: ServerPlace): Promise<Server> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnPort(place, await freePort())
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
      await sleep(BETWEEN_ATTEMPTS_MS)
    }
  }
}

/** @throws {FedError} 'database-failed', 'disk-full' when the server ends before it takes connections. */
export async function startOnPort(place: ServerPlace, port: number): Promise<Server> {
  await stopLeftover(place.cluster)
  const settings = SETTINGS.flatMap((setting) => ['-c', setting])
  const child = await spawnProgram(place.program, ['-D', place.cluster, '-p', String(port), ...settings], place)
  if (child.pid !== undefined) child.once('exit', interruptAfterUs(child.pid, place.account))
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  if (!(await becomesReady(child, place.cluster))) throw await failure(place.folder)
  child.unref()
  return { port, ended, stop: () => stop(child) }
}

async function becomesReady(child: ChildProcess, cluster: string): Promise<boolean> {
  let failed = false
  child.once('error', () => {
    failed = true
  })
  for (let waitedMs = 0; waitedMs < READY_WITHIN_MS; waitedMs += POLL_MS) {
    if (failed || hasEnded(child)) return false
    const postmaster = await readPostmaster(cluster)
    if (postmaster?.ready && postmaster.pid === child.pid) return true
    await sleep(POLL_MS)
  }
  child.kill('SIGQUIT')
  return false
}

/** SIGINT is PostgreSQL's fast shutdown: connections are ended, everything is written, and it leaves in good order. */
async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  child.ref()
  const ended = new Promise((done) => child.once('exit', done))
  child.kill('SIGINT')
  const impatience = setTimeout(() => child.kill('SIGQUIT'), STOP_WITHIN_MS)
  await ended
  clearTimeout(impatience)
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null

async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
