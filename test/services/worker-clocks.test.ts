import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type CoordinatorUnderTest, coordinatorUnderTest, TOKEN } from '../protocol/coordinator-under-test.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { bundledRows, endAll, startTessera, type TesseraProcess } from './tessera-process.ts'

const DAY_MS = 86_400_000
const SHIFTED_CLOCK = new URL('./shifted-clock.mjs', import.meta.url).href

let folder: string
let coordinator: CoordinatorUnderTest

beforeAll(async () => {
  folder = await temporaryFolder('clocks')
  coordinator = await coordinatorUnderTest()
})
afterAll(async () => {
  await endAll()
  await coordinator?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Twelve rows of a client's own, and a clock that is off. */
async function startWorker(name: string, skip: number, shiftMs: number): Promise<TesseraProcess> {
  const rows = (await readFile(bundledRows('train'), 'utf8')).split('\n').slice(skip, skip + 12)
  const data = join(folder, `${name}.jsonl`)
  await writeFile(data, rows.join('\n'))
  const flags = ['--token', TOKEN, '--data', data, '--device', 'onnx-cpu', '--threads', '1']
  return startTessera(join(folder, name), ['join', coordinator.url, '--name', name, ...flags], {
    NODE_OPTIONS: `--import=${SHIFTED_CLOCK}`,
    CLOCK_SHIFT_MS: `${shiftMs}`,
  })
}

it('a worker a day ahead and one a day behind do two passes and a round, and neither is late', async () => {
  const id = await coordinator.startRun(
    { total: 1, clients: 2, attempts: 1 },
    {
      data: { maxLength: 64 },
      initialisation: { name: 'federated-sketch', batches: 1 },
      train: { localSteps: 2, batchSize: 4 },
    },
  )
  const workers = [await startWorker('ahead', 0, DAY_MS), await startWorker('behind', 12, -DAY_MS)]
  await coordinator.phase(id, 'finished')
  const rounds = await coordinator.api.rounds(id)
  const parts = rounds.map(({ kind, cohort }) => [kind, cohort.map(({ clientId, status }) => `${clientId} ${status}`)])
  const both = ['ahead delivered', 'behind delivered']
  expect(parts.map(([kind, cohort]) => [kind, [...(cohort as string[])].sort()])).toEqual([
    ['probe', both],
    ['probe', both],
    ['train', both],
  ])
  const views = await coordinator.api.workers()
  for (const { lastSeenAt } of views) expect(Math.abs(lastSeenAt - Date.now())).toBeLessThan(DAY_MS / 2)
  const clocks = workers.map((worker) => Date.parse(/its clock says (.*)/.exec(worker.said())![1]!))
  expect(clocks.map((clock) => Math.round((clock - Date.now()) / DAY_MS))).toEqual([1, -1])
})
