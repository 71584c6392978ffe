import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DrillReport } from '../../apps/cli/src/drill/rehearsal.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { startSystemServer, type TestServer } from './databases.ts'
import { tessera } from './tessera-command.ts'
import { BUNDLED_MODEL, bundledRows, endAll, freePort, startTessera, type TesseraProcess } from './tessera-process.ts'

/** Many processes for two cores: a machine that is busy otherwise takes long. */
const TIMEOUT_MS = 600_000
const TOKEN = 'of-this-deployment'

let server: TestServer
let folder: string
let url: string
let coordinator: TesseraProcess
/** Two parts of the bundled data, for two workers of the drill. */
let data: readonly string[]

beforeAll(async () => {
  folder = await temporaryFolder('live-drill')
  const rows = (await readFile(bundledRows('train'), 'utf8')).split('\n')
  data = ['a', 'b'].map((name) => join(folder, `${name}.jsonl`))
  for (const [at, file] of data.entries()) await writeFile(file, rows.slice(16 * at, 16 * at + 16).join('\n'))
  server = await startSystemServer()
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  const settings = { DATABASE_URL: await server.emptyDatabase('deployment') }
  coordinator = startTessera(join(folder, 'coordinator'), ['up', '--port', `${port}`, '--token', TOKEN], settings)
  await coordinator.document((document) => 'url' in document)
})

afterAll(async () => {
  await coordinator?.kill('SIGINT')
  await endAll()
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** `tessera drill` as a person does it to the coordinator that runs here; the report of a drill that was passed. */
async function drill(...args: readonly string[]): Promise<DrillReport> {
  const live = ['--coordinator', url, '--token', TOKEN, '--data', ...data]
  const process = startTessera(join(folder, 'drill'), ['drill', ...args, ...live])
  const status = await process.ended
  const report = process.documents.at(-1) as unknown as DrillReport
  expect(status, `${process.said()}\n${JSON.stringify(report?.scorecards?.at(-1), null, 2)}`).toBe(0)
  return report
}

/** Four rounds of the two workers that a drill brings; it begins when they connect. */
async function startRun(): Promise<string> {
  const settings = {
    'model': BUNDLED_MODEL,
    'targets': '[q_proj]',
    'data.maxLength': '64',
    'adapter': '{ method: lora-sb, rank: 4, initialStep: 0 }',
    'initialisation': '{ name: federated-sketch, batches: 1 }',
    'train': '{ localSteps: 8, batchSize: 4 }',
    'rounds': '{ total: 4, cohort: { size: 2, quorum: 2 }, attempts: 10 }',
  }
  const flags = Object.entries(settings).flatMap(([path, value]) => ['--set', `${path}=${value}`])
  const { exit, documents, said } = await tessera('--server', url, '--token', TOKEN, 'run', '--name', 'own', ...flags)
  expect(exit, said).toBe(0)
  return (documents.at(-1) as { id: string }).id
}

describe("tessera drill on a deployment of one's own, on a PostgreSQL of the system", () => {
  it(
    'disturbs its own workers in a run that it starts, and the same adapter comes out',
    async () => {
      const { reference, scorecards } = await drill('dup', '--network', 'proxy', '--seed', '79')
      const [card] = scorecards
      expect(card?.invariants.filter(({ verdict }) => verdict !== 'pass')).toEqual([])
      expect(card?.invariants.map(({ detail }) => detail)).toContain(reference?.adapterHash)
      expect(card?.seen.traffic.repeated).toBeGreaterThan(0)
      expect([card?.seen.rounds, card?.seen.updates]).toEqual([4, 12]) // two passes and four rounds of two clients
    },
    TIMEOUT_MS,
  )

  it(
    'stops its coordinator for a moment in a run that is there, which has no other to be compared with',
    async () => {
      const run = await startRun()
      const which = ['--run', run, '--pid', `${coordinator.pid}`]
      const early = ['--seed', '79', '--at-round', '0', '--duration', '1'] // 10 ms after the drill has begun
      const { reference, scorecards } = await drill('pause', ...which, ...early)
      const [card] = scorecards
      expect([reference, card?.run]).toEqual([null, run])
      expect(card?.invariants.filter(({ verdict }) => verdict !== 'pass')).toEqual([
        { name: 'the adapter is that of the undisturbed run', verdict: 'skipped', detail: expect.any(String) },
      ])
      expect(card?.deeds.map(({ what }) => what)).toEqual([
        `SIGSTOP to process ${coordinator.pid} (pid ${coordinator.pid})`,
        `SIGCONT to process ${coordinator.pid}`,
      ])
      expect([card?.seen.rounds, card?.seen.updates]).toEqual([4, 12])
    },
    TIMEOUT_MS,
  )
})
