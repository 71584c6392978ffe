import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type Coordinator, startCoordinator } from '@tessera/coordinator'
import type { RunSpec } from '@tessera/runs'
import colors from 'picocolors'
import { type ApiClient, createApiClient } from '../api-client.ts'
import { readBaseModel } from '../base-model-folder.ts'
import { BUNDLED } from '../bundled.ts'
import { evaluateFiles } from '../commands/eval.ts'
import { exportRun } from '../export-run.ts'
import { unlessInterrupted, untilInterrupted } from '../interrupt.ts'
import type { Terminal } from '../terminal.ts'
import { watchRun } from '../watch-run.ts'
import { type Baselines, trainBaselines } from './baselines.ts'
import { type DemoMeasurements, type DemoResult, demoResult } from './demo-result.ts'
import { DEMO_CLIENTS, demoSpec } from './demo-spec.ts'
import { splitByMaintainer } from './split-clients.ts'
import { summaryTable } from './summary.ts'
import { startWorkerProcesses, type WorkerProcesses } from './worker-processes.ts'

export interface DemoOptions {
  readonly compare: boolean
  readonly keep: boolean
  readonly port: number
  /** Where the demo makes a folder of its own. */
  readonly parent: string
}

/** What is run, and on which rows. */
export interface DemoScript {
  readonly spec: RunSpec
  /** JSONL by client name. */
  readonly clients: Readonly<Record<string, string>>
  /** JSONL that no client has. */
  readonly testFile: string
}

/** The demo as it is meant: the bundled rows by their maintainers, the settings that were chosen by measurement. */
export async function bundledScript(seed: number): Promise<DemoScript> {
  const clients = splitByMaintainer(await readFile(BUNDLED.train, 'utf8'), DEMO_CLIENTS)
  return { spec: demoSpec(seed), clients, testFile: BUNDLED.test }
}

/** The whole product on one machine, for real: nothing here is done in another way than over a network. */
export async function runDemo(script: DemoScript, options: DemoOptions, terminal: Terminal): Promise<DemoResult> {
  const startedAt = Date.now()
  const folder = await makeFolder(options.parent)
  const files = await writeClients(folder, script.clients)
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
      const federated = await federate({ script, client, folder, workers }, terminal)
      const measured = await measure(script, federated.exported.adapterDir, terminal)
      const endedAt = Date.now()
      const baselines = options.compare ? await compare(script, terminal) : null
      return demoResult({ ...script, dashboard, ...measured, ...federated, baselines, startedAt, endedAt })
    })
    terminal.show(summaryTable(result))
    terminal.data(result)
    if (options.keep) await keepRunning(coordinator, terminal)
    return result
  } finally {
    await workers.stop()
    await coordinator.stop()
    if (!options.keep) await removeState(folder, Object.values(files))
  }
}

async function makeFolder(parent: string): Promise<string> {
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
  readonly script: DemoScript
  readonly client: ApiClient
  readonly folder: string
  readonly workers: WorkerProcesses
}

type Federated = Pick<DemoMeasurements, 'rounds' | 'exported'>

async function federate({ script, client, folder, workers }: Federation, terminal: Terminal): Promise<Federated> {
  const runId = await client.createRun(script.spec)
  const count = Object.keys(script.clients).length
  terminal.say(`Run ${colors.bold(runId)}: ${count} workers on ${availableParallelism()} cores`)
  await Promise.race([watchRun(client, runId, terminal), workers.failed])
  await workers.stop()
  const exported = await exportRun(client, { runId, out: join(folder, 'adapter') })
  return { rounds: await client.rounds(runId), exported }
}

async function measure({ spec, testFile }: DemoScript, adapter: string, terminal: Terminal) {
  const { format, maxLength } = spec.data
  const options = { model: spec.model, data: testFile, device: 'onnx-cpu', format, maxLength } as const
  terminal.say('Measuring on the test rows, before and after')
  const before = await evaluateFiles(options, terminal)
  return { before, after: await evaluateFiles({ ...options, adapter }, terminal) }
}

async function compare({ spec, clients, testFile }: DemoScript, terminal: Terminal): Promise<Baselines> {
  terminal.say('Training the baselines: centrally, and each client alone')
  const [model, test] = [await readBaseModel(spec.model), await readFile(testFile, 'utf8')]
  return trainBaselines({ spec, model, clients, test }, terminal)
}

async function keepRunning(coordinator: Coordinator, terminal: Terminal): Promise<void> {
  terminal.say(`The coordinator stays at ${coordinator.url} until Ctrl-C.`)
  await untilInterrupted(async () => {})
}

/** The adapter stays; the database, the downloads and the clients' files were the demo's own. */
async function removeState(folder: string, files: readonly string[]): Promise<void> {
  const parts = [join(folder, 'coordinator'), join(folder, 'worker-home'), ...files]
  for (const part of parts) await rm(part, { recursive: true, force: true })
}
