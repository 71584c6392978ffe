import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Coordinator, startCoordinator } from '@tessera/coordinator'
import colors from 'picocolors'
import { type ApiClient, createApiClient } from '../api-client.ts'
import { readBaseModel } from '../base-model-folder.ts'
import { evaluateFiles } from '../commands/eval.ts'
import { type ExportedAdapter, exportRun } from '../export-run.ts'
import { unlessInterrupted, untilInterrupted } from '../interrupt.ts'
import type { Terminal } from '../terminal.ts'
import { watchRun } from '../watch-run.ts'
import { trainBaselines } from './baselines.ts'
import { DEMO_CLIENTS, demoSpec } from './demo-spec.ts'
import { splitByMaintainer } from './split-clients.ts'
import { type DemoResult, summaryTable } from './summary.ts'
import { startWorkerProcesses, type WorkerProcesses } from './worker-processes.ts'

export interface DemoOptions {
  readonly seed: number
  readonly compare: boolean
  readonly keep: boolean
  readonly port: number
}

const BUNDLED = fileURLToPath(new URL('../../../..', import.meta.url))
const MODEL = join(BUNDLED, 'models/tiny-debian-llama')
const TRAIN = join(BUNDLED, 'datasets/debian-sections/train.jsonl')
const TEST = join(BUNDLED, 'datasets/debian-sections/test.jsonl')

/** The whole product on one machine, for real: nothing here is done in another way than over a network. */
export async function runDemo(options: DemoOptions, terminal: Terminal): Promise<void> {
  const startedAt = Date.now()
  const folder = await makeFolder()
  const clients = splitByMaintainer(await readFile(TRAIN, 'utf8'), DEMO_CLIENTS)
  const files = await writeClients(folder, clients)
  const coordinator = await startCoordinator({
    port: options.port,
    host: '127.0.0.1',
    dataFolder: join(folder, 'coordinator'),
    databaseUrl: undefined,
    logLevel: 'info',
  })
  const dashboard = `${coordinator.url}/#token=${coordinator.token}`
  terminal.say(`${colors.bold('Dashboard')}: ${colors.cyan(dashboard)}`)
  const workers = startWorkerProcesses({ url: coordinator.url, token: coordinator.token, folder, clients: files })
  try {
    const client = createApiClient(coordinator.url, coordinator.token)
    const result = await unlessInterrupted(async (): Promise<DemoResult> => {
      const federated = await federate({ options, client, folder, workers }, terminal)
      const measured = await measure(federated.exported.adapterDir, terminal)
      const seconds = (Date.now() - startedAt) / 1000
      const cost = await costs(client, federated, startedAt)
      const baselines = options.compare ? await compare(options, clients, terminal) : {}
      return { ...measured, ...cost, ...baselines, dashboard, seed: options.seed, seconds }
    })
    terminal.show(summaryTable(result))
    terminal.data(result)
    if (options.keep) await keepRunning(coordinator, terminal)
  } finally {
    await workers.stop()
    await coordinator.stop()
    if (!options.keep) await removeState(folder)
  }
}

async function makeFolder(): Promise<string> {
  const parent = resolve('.tessera')
  await mkdir(parent, { recursive: true })
  const folder = await mkdtemp(join(parent, 'demo-'))
  await chmod(folder, 0o755) // an embedded PostgreSQL that root starts has a user of its own
  return folder
}

async function writeClients(
  folder: string,
  clients: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  for (const [name, jsonl] of Object.entries(clients)) {
    files[name] = join(folder, `${name}.jsonl`)
    await writeFile(files[name], jsonl)
  }
  return files
}

interface Federation {
  readonly options: DemoOptions
  readonly client: ApiClient
  readonly folder: string
  readonly workers: WorkerProcesses
}

interface Federated {
  readonly runId: string
  readonly exported: ExportedAdapter
}

async function federate({ options, client, folder, workers }: Federation, terminal: Terminal): Promise<Federated> {
  const runId = await client.createRun(demoSpec({ model: MODEL, test: TEST }, options.seed))
  terminal.say(`Run ${colors.bold(runId)}: ${DEMO_CLIENTS} workers on ${availableParallelism()} cores`)
  await Promise.race([watchRun(client, runId, terminal), workers.failed])
  await workers.stop()
  return { runId, exported: await exportRun(client, { runId, out: join(folder, 'adapter') }) }
}

async function measure(adapter: string, terminal: Terminal) {
  const { data } = demoSpec({ model: MODEL, test: TEST }, 0)
  const options = {
    model: MODEL,
    data: TEST,
    device: 'onnx-cpu',
    format: data.format,
    maxLength: data.maxLength,
  } as const
  terminal.say('Measuring on the test rows, before and after')
  const before = await evaluateFiles(options, terminal)
  const after = await evaluateFiles({ ...options, adapter }, terminal)
  return {
    accuracyBefore: before.accuracy ?? Number.NaN,
    accuracyAfter: after.accuracy ?? Number.NaN,
    lossBefore: before.loss,
    lossAfter: after.loss,
    testRows: after.rows,
  }
}

/** What the run cost, as the coordinator measured it. */
async function costs(client: ApiClient, { runId, exported }: Federated, startedAt: number) {
  const rounds = (await client.rounds(runId)).filter(({ kind }) => kind === 'train')
  const members = rounds.flatMap(({ cohort }) => cohort)
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
  const mean = (values: readonly number[]): number => Math.round(total(values) / values.length)
  const { train, rounds: plan } = demoSpec({ model: MODEL, test: TEST }, 0)
  return {
    rounds: rounds.length,
    clients: DEMO_CLIENTS,
    stepsPerClient: train.localSteps * plan.total,
    uploadBytesPerClientRound: mean(members.map(({ uploadBytes }) => uploadBytes)),
    downloadBytesPerClientRound: mean(members.map(({ downloadBytes }) => downloadBytes)),
    floorBytesPerClientRound: mean(members.map(({ floorBytes }) => floorBytes)),
    uploadSaving:
      total(rounds.map(({ plainBytes }) => plainBytes)) / total(rounds.map(({ updateBytes }) => updateBytes)),
    exportMaxDifference: exported.exactness?.maxDifference ?? Number.NaN,
    exportRelativeDifference: exported.exactness?.relative ?? Number.NaN,
    adapterDir: exported.adapterDir,
    adapterHash: exported.adapterHash,
    firstRoundSeconds: ((rounds[0].committedAt ?? Number.NaN) - startedAt) / 1000,
  }
}

async function compare({ seed }: DemoOptions, clients: Readonly<Record<string, string>>, terminal: Terminal) {
  terminal.say('Training the baselines: centrally, and each client alone')
  const spec = demoSpec({ model: MODEL, test: TEST }, seed)
  const [model, test] = [await readBaseModel(MODEL), await readFile(TEST, 'utf8')]
  return trainBaselines({ spec, model, clients, test }, terminal)
}

async function keepRunning(coordinator: Coordinator, terminal: Terminal): Promise<void> {
  terminal.say(`The coordinator stays at ${coordinator.url} until Ctrl-C.`)
  await untilInterrupted(async () => {})
}

/** The adapter stays; the database, the downloads and the clients' files were the demo's own. */
async function removeState(folder: string): Promise<void> {
  const parts = [
    'coordinator',
    'worker-home',
    ...Array.from({ length: DEMO_CLIENTS }, (_, at) => `client-${at + 1}.jsonl`),
  ]
  for (const part of parts) await rm(join(folder, part), { recursive: true, force: true })
}
