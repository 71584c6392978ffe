import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Executor, openExecutor } from '@tessera/compiler'
import { loadIdentity, readLocalData, startWorker, type Worker, type WorkerReport } from '@tessera/worker'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { buildPages } from '../../scripts/setup/pages.mjs'
import { type CoordinatorUnderTest, coordinatorUnderTest, TOKEN } from '../protocol/coordinator-under-test.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { canvasPixels } from './canvas-pixels.ts'
import { chart, openPage, roundNames, tile } from './dashboard-page.ts'
import { launchChromium } from './headless-chromium.ts'

const ROWS = fileURLToPath(new URL('../../datasets/debian-sections/', import.meta.url))
const LONG = { timeout: 120_000, interval: 100 }

let folder: string
let browser: Browser
let coordinator: CoordinatorUnderTest
let executor: Executor
let worker: Worker
let complaints: string[]
const reports: WorkerReport[] = []
const pages: Page[] = []

beforeAll(async () => {
  await buildPages()
  folder = await temporaryFolder('page')
  await writeFile(join(folder, 'train.jsonl'), await firstRows('train', 40))
  await writeFile(join(folder, 'test.jsonl'), await firstRows('test', 20))
  browser = await launchChromium()
  coordinator = await coordinatorUnderTest()
  executor = (await openExecutor('onnx-cpu', { threads: 1 })).executor
  worker = startWorker({
    url: coordinator.url,
    token: TOKEN,
    identity: await loadIdentity(join(folder, 'ada'), 'ada'),
    data: await readLocalData(join(folder, 'train.jsonl')),
    executor,
    cacheFolder: join(folder, 'blobs'),
    stateFolder: join(folder, 'ada'),
    software: 'test',
    report: (report) => reports.push(report),
  })
})

afterAll(async () => {
  await worker?.stop()
  await executor?.dispose()
  await coordinator?.stop()
  await browser?.close()
  await rm(folder, { recursive: true, force: true })
})

beforeEach(() => {
  complaints = []
})

afterEach(async () => {
  for (const page of pages.splice(0)) await page.context().close()
})

async function firstRows(split: 'train' | 'test', count: number): Promise<string> {
  return (await readFile(join(ROWS, `${split}.jsonl`), 'utf8')).split('\n').slice(0, count).join('\n')
}

async function open(path: string, beforehand: () => void = () => undefined): Promise<Page> {
  const page = await openPage(browser, `${coordinator.url}${path}`, { complaints, beforehand })
  pages.push(page)
  return page
}

const live = (page: Page) => page.getByRole('status').filter({ hasText: 'live' }).waitFor()
const badge = (page: Page) => page.locator('h1 .badge').textContent()
const ada = (page: Page) => page.locator('.workers tbody tr', { hasText: 'ada' })
const adaIs = (page: Page) => ada(page).locator('.unseen').textContent()
const bytesOfRounds = (page: Page) =>
  page.locator('.rounds tbody td:is(:nth-child(3), :nth-child(4))').allTextContents()

/** 40 rows at one client; two passes, then two rounds of two steps. */
const tinyRun = () =>
  coordinator.startRun(
    { total: 2, clients: 1 },
    {
      name: 'first run',
      initialisation: { name: 'federated-sketch', batches: 1 },
      data: { maxLength: 64 },
      train: { localSteps: 2, batchSize: 4 },
      evaluation: { file: join(folder, 'test.jsonl') },
    },
  )

/** A run of one round, which takes seconds: time enough to pause it. */
const longRun = () =>
  coordinator.startRun(
    { total: 1, clients: 1 },
    { name: 'long run', data: { maxLength: 64 }, train: { localSteps: 500, batchSize: 4 } },
  )

describe('the dashboard that the coordinator serves', () => {
  let first: string

  it('is live with the token of its address, and shows a run from its first moment until it is done', async () => {
    const page = await open(`/#token=${TOKEN}`)
    await live(page)
    expect(page.url()).toBe(`${coordinator.url}/`)
    await page.getByText(`tessera join ${coordinator.url}`).waitFor()
    first = await tinyRun()
    await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent(), LONG).toContain('first run')
    await expect.poll(() => badge(page), LONG).toBe('done')
    // 20 rows: the accuracy is a multiple of 5 %.
    await expect.poll(() => tile(page, 'Accuracy').locator('.value').textContent(), LONG).toMatch(/^\d*[05]\.0 %$/)
    await expect.poll(() => chart(page, 'Accuracy').getAttribute('aria-label'), LONG).toContain('at round 2')
    expect(await tile(page, 'Round').textContent()).toContain('2 of 2')
    expect(await adaIs(page)).toBe(' connected')
    expect(await ada(page).textContent()).toContain('40')
    expect(complaints).toEqual([])
  })

  it('draws the curves of a link to the run, and lists its passes, rounds and events, also after a reload', async () => {
    const page = await open(`/runs/${first}#token=${TOKEN}`)
    for (const again of [false, true]) {
      if (again) await page.reload()
      await live(page)
      await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent()).toBe('first run done')
      expect(page.url()).toBe(`${coordinator.url}/runs/${first}`)
      await expect.poll(() => roundNames(page)).toEqual(['2', '1', 'pass 2', 'pass 1'])
      const moved = await bytesOfRounds(page)
      expect(moved).toHaveLength(8)
      for (const amount of moved) expect(amount).toMatch(/^[1-9]\d*(\.\d+)? (B|kB|MB)$/)
      const types = await page.locator('.events .event-type').allTextContents()
      expect(types.filter((type) => type === 'committed')).toHaveLength(2)
      expect(types).toEqual(expect.arrayContaining(['client-joined', 'pass-reduced', 'factors-made', 'aggregated']))
      for (const title of ['Loss', 'Accuracy', 'Bytes of each round']) {
        await chart(page, title).locator('canvas').waitFor()
        expect((await canvasPixels(chart(page, title))).drawn).toBeGreaterThan(1000)
      }
    }
    expect(complaints).toEqual([])
  })

  it('pauses a run that trains, and says so too where no websocket gets through', async () => {
    const page = await open(`/#token=${TOKEN}`)
    const polling = await open('/', () => void Reflect.deleteProperty(globalThis, 'WebSocket'))
    expect(await polling.evaluate(() => 'WebSocket' in globalThis)).toBe(false)
    for (const each of [page, polling]) await live(each)
    reports.length = 0
    const id = await longRun()
    await page.getByRole('progressbar', { name: 'Steps of ada' }).waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    for (const each of [page, polling]) await expect.poll(() => badge(each)).toBe('paused')
    expect(await page.locator('.run-header .notice').textContent()).toBe('paused by hand')
    expect(await coordinator.api.run(id)).toMatchObject({ phase: 'paused', message: 'paused by hand' })
    // The worker still delivers what it had in hand: the round then has its quorum, and yet goes no further.
    await expect.poll(() => reports.map(({ type }) => type), LONG).toContain('delivered')
    expect(await coordinator.api.run(id)).toMatchObject({ phase: 'paused', round: 1 })
    expect(await coordinator.api.rounds(id)).toMatchObject([{ round: 1, committedAt: null }])
    const types = (await coordinator.api.events(id, 0)).map(({ type }) => type)
    expect(types.slice(-2)).toEqual(['paused', 'update-received'])
    expect(complaints).toEqual([])
  })

  it('shows that a worker has left', async () => {
    const page = await open(`/runs/${first}`)
    await expect.poll(() => adaIs(page)).toBe(' connected')
    await worker.stop()
    await expect.poll(() => adaIs(page)).toBe(' not connected')
    expect(await page.locator('#workers-title .count').textContent()).toBe('0')
    expect(complaints).toEqual([])
  })
})
