import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Executor, openExecutor } from '@tessera/compiler'
import { createMemoryStore, Engine, type MemoryStore } from '@tessera/federation'
import { BASE_MODEL_FILES, loadBaseModel } from '@tessera/models'
import {
  type Assignment,
  hashBytes,
  type MessageOf,
  PROTOCOL_VERSION,
  type Reply,
  type WorkerMessage,
} from '@tessera/protocol'
import { createRunRecord, createWorkbench, parseRunSpec } from '@tessera/runs'
import { type BlobHash, clientId, type ErrorCode, runId, unwrap } from '@tessera/vocabulary'
import { readLocalData, startWorker, type Worker, type WorkerReport } from '@tessera/worker'
import { expect, vi } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'
import { MODEL } from './coordinator-under-test.ts'
import { type FakeAnswer, type FakeCoordinator, fakeCoordinator } from './fake-coordinator.ts'

export const CLIENT = clientId('ada')
export const ROWS = join(MODEL, '..', '..', 'datasets', 'debian-sections', 'test.jsonl')

/** A worker beside a coordinator that only says what a test lets it say. */
export interface WorkerUnderTest extends Pick<FakeCoordinator, 'tell'> {
  readonly worker: Worker
  heard<Type extends WorkerMessage['type']>(type: Type): MessageOf<Type>[]
  /** The SHA-256 of the body of every update, in the order they came. */
  sent(): BlobHash[]
  reported(type: WorkerReport['type']): WorkerReport[]
  until(check: () => void): Promise<void>
  connected(): Promise<void>
}

/** A worker of client `ada` on the bundled test rows, and what it reports. */
export async function startAda(
  place: Pick<Parameters<typeof startWorker>[0], 'url' | 'token' | 'executor' | 'cacheFolder' | 'stateFolder'>,
): Promise<{ worker: Worker; reports: WorkerReport[] }> {
  const reports: WorkerReport[] = []
  const worker = startWorker({
    ...place,
    identity: { clientId: CLIENT, secret: 'a secret of sixteen' },
    data: await readLocalData(ROWS),
    software: 'test',
    report: (report) => reports.push(report),
  })
  return { worker, reports }
}

/** One assignment of a real run, with the blobs that it names, and folders for workers to do it in. */
export interface WorkerBench {
  readonly folder: string
  readonly assignment: Assignment
  /** The answer of a coordinator that has nothing against its worker. */
  kindly(message: WorkerMessage): Promise<FakeAnswer>
  /** A worker in the folder `state`, where another one may have been before. */
  start(answer: (message: WorkerMessage) => FakeAnswer | Promise<FakeAnswer>, state?: string): Promise<WorkerUnderTest>
  /** End all workers and coordinators that were started. */
  stopAll(): Promise<void>
  close(): Promise<void>
}

export async function workerBench(spec: object = {}): Promise<WorkerBench> {
  const folder = await temporaryFolder('worker')
  const { executor } = await openExecutor('onnx-cpu', { threads: 1 })
  const { assignment, readBlob } = await firstAssignment(executor, spec)
  const started: { readonly worker: Worker; readonly coordinator: FakeCoordinator }[] = []
  const kindly = async (message: WorkerMessage): Promise<FakeAnswer> => {
    if (message.type === 'hello')
      return { message: { type: 'welcome', protocol: PROTOCOL_VERSION, clientId: CLIENT, serverTime: Date.now() } }
    if (message.type !== 'fetch-blob') return { message: { type: 'accepted', duplicate: false } }
    const { hash, offset, length } = message
    const bytes = await readBlob(hash)
    return { message: { type: 'chunk', hash, size: bytes.length, offset }, body: bytes.slice(offset, offset + length) }
  }
  const stopAll = async () => {
    for (const { worker, coordinator } of started.splice(0)) {
      await worker.stop()
      await coordinator.stop()
    }
  }
  return {
    ...{ folder, assignment, kindly, stopAll },
    async start(answer, state = 'state') {
      const coordinator = await fakeCoordinator(answer)
      const folders = { cacheFolder: join(folder, 'blobs'), stateFolder: join(folder, state) }
      const { worker, reports } = await startAda({ url: coordinator.url, token: 'any', executor, ...folders })
      started.push({ worker, coordinator })
      return { tell: coordinator.tell, worker, ...observed(coordinator, reports) }
    },
    async close() {
      await stopAll()
      await executor.dispose()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function observed({ heard: all, bodies }: FakeCoordinator, reports: readonly WorkerReport[]) {
  const heard = <Type extends WorkerMessage['type']>(type: Type) =>
    all.filter((message) => message.type === type) as unknown as MessageOf<Type>[]
  const sent = () => bodies.filter((_, at) => all[at]?.type === 'update')
  const reported = (type: WorkerReport['type']) => reports.filter((report) => report.type === type)
  const until = async (check: () => void) => void (await vi.waitFor(check, { timeout: 120_000, interval: 50 }))
  const connected = () => until(() => expect(reported('connected').length).toBeGreaterThan(0))
  return { heard, sent, reported, until, connected }
}

export const refuse = (code: ErrorCode, retryable: boolean): FakeAnswer => ({
  message: { type: 'refusal', code, message: 'as the test says', retryable } satisfies Reply,
})

/** The first assignment of a run of one round, made by a real engine. */
async function firstAssignment(executor: Executor, change: object) {
  const blobs = new Map<string, Uint8Array>()
  const files = await Promise.all(
    BASE_MODEL_FILES.map(async (path) => {
      const bytes = Uint8Array.from(await readFile(join(MODEL, path)))
      blobs.set(hashBytes(bytes), bytes)
      return { path, hash: hashBytes(bytes), size: bytes.length }
    }),
  )
  const model = unwrap(await loadBaseModel((file) => readFile(join(MODEL, file))))
  const spec = unwrap(
    parseRunSpec({
      targets: ['q_proj'],
      data: { maxLength: 64 },
      adapter: { rank: 4 },
      initialisation: { name: 'weights' },
      train: { localSteps: 2, batchSize: 2 },
      rounds: { total: 1, cohort: { size: 1, quorum: 1 } },
      ...change,
    }),
  )
  const tools = { executor: async () => executor, model: async () => model, readText: readFileText, now: Date.now }
  const store: MemoryStore = createMemoryStore()
  const assignment = await new Promise<Assignment>((resolve) => {
    const engine = new Engine({
      store,
      log: { info() {}, warn() {}, error() {} },
      clock: { now: Date.now, wakeAt: () => () => {} },
      transport: { assign: (_client, message) => resolve(message), cancel() {} },
      workbench: createWorkbench(tools),
      observer: { changed() {}, measured() {} },
    })
    const record = createRunRecord({ runId: runId('run-1'), spec, model, files, createdAt: Date.now() })
    void engine.createRun(record).then(() => engine.join(CLIENT, 10))
  })
  const readBlob = async (hash: BlobHash) => blobs.get(hash) ?? ((await store.readBlob(hash)) as Uint8Array)
  return { assignment, readBlob }
}

const readFileText = (file: string) => readFile(file, 'utf8')
