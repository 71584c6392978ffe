import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FedError } from '@tessera/vocabulary'

const TESSERA = fileURLToPath(new URL('../../bin/tessera.js', import.meta.url))
const STOP_MS = 10_000

export interface WorkerPlace {
  readonly url: string
  readonly token: string
  /** Folder of everything the demo makes; each worker's log lies there. */
  readonly folder: string
  /** Data file by client name. */
  readonly clients: Readonly<Record<string, string>>
}

/** Worker processes of their own, as `tessera join` starts them; the cores are shared out among them. */
export interface WorkerProcesses {
  /** Rejects with `run-failed` when a worker ends by itself. */
  readonly failed: Promise<never>
  stop(): Promise<void>
}

export function startWorkerProcesses({ url, token, folder, clients }: WorkerPlace): WorkerProcesses {
  const names = Object.keys(clients)
  const threads = Math.max(1, Math.floor(availableParallelism() / names.length))
  let stopping = false
  const children = names.map((name) => {
    const flags = ['--name', name, '--data', clients[name], '--device', 'onnx-cpu', '--threads', `${threads}`]
    const home = ['--data-dir', join(folder, 'worker-home', name), '--token', token, '--json', '--quiet']
    const child = spawn(process.execPath, [TESSERA, 'join', url, ...flags, ...home], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const log = createWriteStream(join(folder, `${name}.log`))
    child.stdout?.pipe(log)
    child.stderr?.pipe(log)
    return child
  })
  const failed = Promise.race(
    children.map(async (child, at): Promise<never> => {
      await once(child, 'exit')
      if (stopping) return new Promise<never>(() => {})
      throw new FedError('run-failed', `the worker ${names[at]} ended by itself with status ${child.exitCode}`, {
        fix: `See ${join(folder, `${names[at]}.log`)}.`,
      })
    }),
  )
  failed.catch(() => {}) // heard by whoever waits for it; nobody may be waiting yet
  return {
    failed,
    async stop() {
      stopping = true
      await Promise.all(children.map(stopChild))
    },
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await ended
  clearTimeout(timer)
}
