import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FedError } from '@tessera/vocabulary'
import { type ApiClient, createApiClient } from '../api-client.ts'
import type { Cleanup } from './cleanup.ts'
import { type Document, ManagedProcess } from './managed-process.ts'
import { setFault, startWorkerPlace, type WorkerPlace } from './worker-place.ts'

const HERE = '127.0.0.1'
const UP_WITHIN_MS = 120_000
const POLL_MS = 100

export interface LiveCoordinator {
  readonly url: string
  readonly token: string
}

export interface DeploymentPlan {
  readonly folder: string
  /** One worker for each. */
  readonly dataFiles: readonly string[]
  readonly device: string
  readonly seed: number
  readonly namespaces: boolean
  /** A coordinator that runs already; absent for one of our own. */
  readonly live?: LiveCoordinator
  /** Where our own coordinator stores; absent for an embedded server. */
  readonly databaseUrl?: string
}

/** What a drill disturbs: a coordinator, and workers that connect to it through proxies. */
export interface Deployment {
  readonly url: string
  readonly token: string
  readonly api: ApiClient
  /** Null when it is somebody else's. */
  readonly coordinator: ManagedProcess | null
  readonly workers: readonly WorkerPlace[]
  /** Process id of the embedded database server; null when there is none, or none of ours. */
  postgresPid(): Promise<number | null>
  /** Whether the coordinator runs its own Postgres. */
  readonly embedded: boolean
  /** Hear what workers report; the answer takes it back. */
  listen(heard: (worker: string, report: Document) => void): () => void
  /** Everything is as it was at the start: it runs, nothing is in the way, clocks are right, workers are connected. */
  mend(): Promise<void>
}

export async function startDeployment(plan: DeploymentPlan, cleanup: Cleanup): Promise<Deployment> {
  const listeners = new Set<(worker: string, report: Document) => void>()
  const own = plan.live === undefined ? await startCoordinator(plan, cleanup) : null
  const { url, token } = plan.live ?? (own as OwnCoordinator)
  const { folder, device, seed, namespaces: inNamespace } = plan
  const workers = await Promise.all(
    workerNames(plan).map((name, index) => {
      const heard = (report: Document): void => {
        for (const listener of listeners) listener(name, report)
      }
      const place = { index, name, file: plan.dataFiles[index], upstream: url, token, inNamespace }
      return startWorkerPlace({ ...place, folder, device, seed, heard }, cleanup)
    }),
  )
  const api = createApiClient(url, token)
  const coordinator = own?.process ?? null
  const embedded = own?.embedded ?? false
  return {
    ...{ url, token, api, coordinator, workers, embedded },
    postgresPid: async () => (own !== null && embedded ? readPostmaster(own.dataFolder) : null),
    listen(heard) {
      listeners.add(heard)
      return () => void listeners.delete(heard)
    },
    mend: () => mend({ api, coordinator, workers }),
  }
}

/** A database that others use too knows other drills' workers: theirs have other names. */
function workerNames({ dataFiles, live, databaseUrl }: DeploymentPlan): string[] {
  const mark = live === undefined && databaseUrl === undefined ? '' : `${randomBytes(3).toString('hex')}-`
  return dataFiles.map((_, index) => `drill-${mark}${index + 1}`)
}

interface OwnCoordinator extends LiveCoordinator {
  readonly process: ManagedProcess
  readonly dataFolder: string
  readonly embedded: boolean
}

async function startCoordinator({ folder, databaseUrl }: DeploymentPlan, cleanup: Cleanup): Promise<OwnCoordinator> {
  const [port, token, dataFolder] = [await freePort(), randomBytes(16).toString('hex'), join(folder, 'coordinator')]
  const state = ['--data-dir', dataFolder, '--token', token, '--db', databaseUrl ?? 'embedded']
  const process = new ManagedProcess({
    name: 'coordinator',
    args: ['up', '--host', HERE, '--port', `${port}`, ...state],
    log: join(folder, 'coordinator.log'),
    heard: () => {},
  })
  const up = process.first((document) => 'url' in document, UP_WITHIN_MS)
  await cleanup.hold(
    async () => process.start(),
    () => process.stop(),
  )
  await up
  return { url: `http://${HERE}:${port}`, token, process, dataFolder, embedded: databaseUrl === undefined }
}

async function readPostmaster(dataFolder: string): Promise<number | null> {
  const text = await readFile(join(dataFolder, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '')
  return Number.parseInt(text, 10) || null
}

async function mend({ api, coordinator, workers }: Pick<Deployment, 'api' | 'coordinator' | 'workers'>): Promise<void> {
  const processes = [...(coordinator === null ? [] : [coordinator]), ...workers.map(({ process }) => process)]
  for (const worker of workers) await setFault(worker, null, ['proxy', 'kernel'])
  for (const process of processes) {
    process.signal('SIGCONT')
    if (process.nodeFlags.length > 0) await process.kill()
    process.start()
  }
  const names = new Set(workers.map(({ name }) => name))
  for (let waitedMs = 0; waitedMs < UP_WITHIN_MS; waitedMs += POLL_MS) {
    const known = await api.workers().catch(() => [])
    if (known.filter(({ clientId, connected }) => connected && names.has(clientId)).length === names.size) return
    await sleep(POLL_MS)
  }
  throw new FedError('timeout', `not all of ${[...names].join(', ')} came to the coordinator`, {
    fix: 'Look into their logs: give --keep to keep them.',
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, HERE, () => resolve((server.address() as { port: number }).port))
  })
  await new Promise((resolve) => server.close(resolve))
  return port
}
