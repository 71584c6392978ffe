import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Executor, openExecutor } from '@tessera/compiler'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'
import { type CoordinatorUnderTest, coordinatorUnderTest, TOKEN } from './coordinator-under-test.ts'
import { startAda } from './worker-under-test.ts'

let coordinator: CoordinatorUnderTest
let executor: Executor
let folder: string

beforeAll(async () => {
  coordinator = await coordinatorUnderTest()
  folder = await temporaryFolder('downlink')
  executor = (await openExecutor('onnx-cpu', { threads: 1 })).executor
})
afterAll(async () => {
  await executor?.dispose()
  await coordinator?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** The same client every time; what it downloaded before lies in its cache. */
const workerWith = (cache: string) =>
  startAda({
    ...{ url: coordinator.url, token: TOKEN, executor },
    cacheFolder: join(folder, cache),
    stateFolder: join(folder, 'state'),
  })

it('a worker that holds the version before fetches a step of a tenth of its bytes, and another the whole', async () => {
  const first = await workerWith('first')
  const id = await coordinator.startRun(
    { total: 4, clients: 1 },
    {
      data: { maxLength: 64 },
      adapter: { method: 'lora-sb', rank: 32 },
      train: { localSteps: 2, batchSize: 2 },
      downlink: { codec: 'ternary', density: 0.1 },
    },
  )
  const delivered = () => first.reports.filter((report) => report.type === 'delivered' && report.round === 2)
  await vi.waitFor(() => expect(delivered()).toHaveLength(1), { timeout: 120_000, interval: 5 })
  await first.worker.stop()
  const second = await workerWith('second')
  await coordinator.phase(id, 'finished')
  await second.worker.stop()

  const { entries } = await coordinator.api.ledger(id, ['round', 'kind'])
  const down = entries.filter(({ kind }) => kind === 'coordinates').map(({ downloadBytes }) => downloadBytes)
  const { coordinates } = await coordinator.api.record(id)
  expect(coordinates).toMatch(/^[0-9a-f]{64}$/)
  expect(down).toHaveLength(4)
  const whole = down[0]!
  expect(down[1]!).toBeLessThan(whole / 10) // it has the version of round 1
  expect(down[2]!).toBeGreaterThan(4 * 4 * 32 * 32) // its cache is new: four squares of float32
  expect(down[3]!).toBeLessThan(whole / 10)
  expect(second.reports.filter(({ type }) => type === 'trouble')).toEqual([])
})

it('a subspace with a stretch for every round sends the last one alone, without being told to', async () => {
  const { worker, reports } = await workerWith('stretches')
  const id = await coordinator.startRun(
    { total: 4, clients: 1 },
    {
      data: { maxLength: 64 },
      adapter: { method: 'full' },
      initialisation: { name: 'none' },
      subspace: { name: 'ferret', coordinates: 4000 },
      train: { localSteps: 1, batchSize: 2, optimizer: { name: 'sgd' } },
    },
  )
  await coordinator.phase(id, 'finished')
  await worker.stop()
  const { entries } = await coordinator.api.ledger(id, ['round', 'kind'])
  const down = entries.filter(({ kind }) => kind === 'coordinates').map(({ downloadBytes }) => downloadBytes)
  const stretch = 4 * 4000
  expect(down).toHaveLength(4)
  expect(down[0]!).toBeGreaterThanOrEqual(4 * stretch) // the version before round 1, of zeros
  for (const later of down.slice(1)) {
    expect(later).toBeGreaterThanOrEqual(stretch)
    expect(later).toBeLessThan(1.05 * stretch)
  }
  expect(reports.filter(({ type }) => type === 'trouble')).toEqual([])
})
