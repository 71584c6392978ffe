import { fileURLToPath } from 'node:url'
import { eventView, metricPoint, runView, workerView } from '@tessera/protocol'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { buildPages } from '../../scripts/setup/pages.mjs'
import { canvasPixels } from './canvas-pixels.ts'
import { chart, openPage, roundNames, tile } from './dashboard-page.ts'
import { exampleRuns, ROUNDS, ROUNDS_DONE } from './example-runs.ts'
import { launchChromium } from './headless-chromium.ts'
import type { Contents } from './memory-coordinator.ts'
import { type ServedDashboard, serveDashboard, TOKEN } from './served-dashboard.ts'

const PICTURES = fileURLToPath(new URL('../../test-results/', import.meta.url))
const NONE: Contents = { runs: [], rounds: [], metrics: [], events: [], workers: [] }

let browser: Browser
let contents: Contents
let served: ServedDashboard
let complaints: string[]
const leftovers: (() => Promise<void>)[] = []

beforeAll(async () => {
  await buildPages()
  browser = await launchChromium()
})

afterAll(async () => {
  await browser?.close()
})

beforeEach(async () => {
  complaints = []
  contents = exampleRuns(Date.now())
  served = await serveDashboard(contents)
})

afterEach(async () => {
  // The last made goes first: a server ends only when the pages that hang on it have gone.
  for (const clean of leftovers.splice(0).reverse()) await clean()
  await served.close()
})

async function open(path: string, options: BrowserContextOptions = {}, origin = served.origin): Promise<Page> {
  const page = await openPage(browser, `${origin}${path}`, { complaints, ...options })
  leftovers.push(() => page.context().close())
  return page
}

const evaluation = (round: number, name: string, value: number) =>
  metricPoint.parse({ runId: 'support-bot', round, name, clientId: null, value, at: Date.now() })

async function settled(page: Page): Promise<void> {
  await page.getByRole('status').filter({ hasText: 'live' }).waitFor()
  await chart(page, 'Loss').locator('canvas').waitFor()
}

describe('the dashboard', () => {
  it('shows all runs with their phase in words, and the newest one in detail', async () => {
    const page = await open('/')
    await settled(page)
    const names = await page.locator('.run-line .run-name').allTextContents()
    expect(names).toEqual(['support-bot', 'triage-small', 'notes-baseline', 'first-try'])
    const phases = await page.locator('.run-line .badge').allTextContents()
    expect(phases).toEqual(['training', 'waiting', 'done', 'abandoned'])
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('support-bot')
    expect(await tile(page, 'Round').textContent()).toContain(`${ROUNDS_DONE + 1} of ${ROUNDS}`)
    // 96 squares of 32² float16 numbers are 196 608 bytes, a frame around them 412 more: both 197 kB.
    expect(await tile(page, 'Sent by a client each round').textContent()).toContain('floor 197 kB')
    expect(complaints).toEqual([])
  })

  it('draws the curves and the bytes', async () => {
    const page = await open('/')
    await settled(page)
    for (const title of ['Loss', 'Accuracy']) {
      const { drawn, strong } = await canvasPixels(chart(page, title))
      expect(drawn).toBeGreaterThan(2000)
      expect(strong).toBeGreaterThan(300)
    }
    expect((await canvasPixels(chart(page, 'Bytes of each round'))).drawn).toBeGreaterThan(5000)
    expect((await canvasPixels(chart(page, 'Compression'))).strong).toBeGreaterThan(300)
    expect(await chart(page, 'Compression').getAttribute('aria-label')).toContain(
      'smaller than float32 2.00× at round 13',
    )
    expect(await chart(page, 'Loss').getAttribute('aria-label')).toMatch(/evaluation 0\.713 at round 12/)
    const names = await roundNames(page)
    expect([names[0], ...names.slice(-3)]).toEqual(['13', '1', 'pass 2', 'pass 1'])
    expect(complaints).toEqual([])
  })

  it('draws the bytes of one client on demand, and what was sent again', async () => {
    const page = await open('/')
    await settled(page)
    const traffic = chart(page, 'Bytes of each round')
    expect(await traffic.getAttribute('aria-label')).toMatch(/up 197 kB at round 13.*sent again 197 kB at round 10/)
    await page.getByLabel('Bytes of which client').selectOption('laptop-ada')
    // The last of the four clients was late in the rounds 5 and 10, and trains in round 13.
    await expect.poll(() => traffic.getAttribute('aria-label')).toMatch(/up 0 B at round 13, down 197 kB at round 13/)
    expect((await canvasPixels(traffic)).drawn).toBeGreaterThan(2000)
    expect(complaints).toEqual([])
  })

  it('says under the cursor what was measured there', async () => {
    const page = await open('/')
    await settled(page)
    const box = (await chart(page, 'Accuracy').locator('.u-over').boundingBox())!
    await page.mouse.move(box.x + 2, box.y + box.height / 2)
    await expect.poll(() => chart(page, 'Accuracy').locator('.u-legend').textContent()).toMatch(/evaluation\s*34\.2 %/)
  })

  it('moves the tile and the curve when a measurement arrives', async () => {
    const page = await open('/')
    await settled(page)
    const before = await canvasPixels(chart(page, 'Accuracy'))
    served.publish({ type: 'metric', metric: evaluation(13, 'eval-accuracy', 0.912) })
    await tile(page, 'Accuracy').getByText('91.2 %').waitFor()
    await expect.poll(() => chart(page, 'Accuracy').getAttribute('aria-label')).toContain('91.2 % at round 13')
    await expect.poll(() => canvasPixels(chart(page, 'Accuracy'))).not.toEqual(before)
  })

  it('moves the progress of a worker, and lets a new one appear', async () => {
    const page = await open('/')
    await settled(page)
    const bar = page.getByRole('progressbar', { name: 'Steps of laptop-ada' })
    expect(await bar.getAttribute('value')).toBe('4')
    const ada = contents.workers.find(({ clientId }) => clientId === 'laptop-ada')!
    served.publish({ type: 'worker', worker: { ...ada, step: 17, loss: 0.5 } })
    await expect.poll(() => bar.getAttribute('value')).toBe('17')
    served.publish({ type: 'worker', worker: workerView.parse({ ...ada, clientId: 'newcomer', step: 1 }) })
    await page.getByRole('progressbar', { name: 'Steps of newcomer' }).waitFor()
  })

  it('puts a new event first, and finds events by their text', async () => {
    const page = await open('/')
    await settled(page)
    const lines = page.locator('.events li')
    const total = await lines.count()
    const text = 'clinic-south is back'
    const event = eventView.parse({
      seq: 99,
      runId: 'support-bot',
      at: Date.now(),
      type: 'client-joined',
      text,
      data: {},
    })
    served.publish({ type: 'event', event })
    await expect.poll(() => lines.first().textContent()).toContain(text)
    expect(await lines.count()).toBe(total + 1)
    await page.getByRole('searchbox').fill('CLINIC-SOUTH')
    expect(await lines.count()).toBe(2)
  })

  it('follows the address: a link, the way back, a reload, and a run that does not exist', async () => {
    const page = await open('/')
    await settled(page)
    const title = page.getByRole('heading', { level: 1 })
    const link = page.getByRole('link', { name: 'notes-baseline' })
    await link.focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => title.textContent()).toContain('notes-baseline')
    expect(new URL(page.url()).pathname).toBe('/runs/notes-baseline')
    await page.reload()
    await expect.poll(() => title.textContent()).toContain('notes-baseline')
    await page.goBack()
    await expect.poll(() => title.textContent()).toContain('support-bot')
    await page.goto(`${served.origin}/runs/nowhere`)
    await expect.poll(() => title.textContent()).toContain('There is no run “nowhere”')
  })

  it('follows the system’s theme, and the one that people choose instead, also after a reload', async () => {
    const page = await open('/')
    await settled(page)
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    expect(await ground()).toBe('rgb(244, 245, 242)')
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await ground()).toBe('rgb(13, 16, 20)')
    // The chart is drawn anew, so that its strong line has the dark theme's colour.
    await expect.poll(async () => (await canvasPixels(chart(page, 'Loss'))).strong).toBeGreaterThan(300)
    await page.getByRole('radio', { name: 'light' }).check({ force: true })
    await expect.poll(ground).toBe('rgb(244, 245, 242)')
    await page.reload()
    await settled(page)
    expect(await ground()).toBe('rgb(244, 245, 242)')
  })

  it('asks for the token once, then pauses, resumes and, when asked twice, aborts', async () => {
    const page = await open('/')
    await settled(page)
    const badge = page.locator('h1 .badge')
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByLabel('Token of the coordinator').fill(TOKEN)
    await page.keyboard.press('Enter')
    await expect.poll(() => badge.textContent()).toBe('paused')
    await page.getByText('Paused by hand.').waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await expect.poll(() => badge.textContent()).toBe('training')
    await page.getByRole('button', { name: 'Abort' }).click()
    await page.getByRole('button', { name: 'Abort the run' }).click()
    await expect.poll(() => badge.textContent()).toBe('abandoned')
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0)
  })

  it('says that a token is wrong, and asks again', async () => {
    const page = await open('/')
    await settled(page)
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByLabel('Token of the coordinator').fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').filter({ hasText: 'not accepted' }).waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByLabel('Token of the coordinator').waitFor()
  })

  it('takes the token from #token=… and removes it from the address', async () => {
    const page = await open(`/runs/support-bot#token=${TOKEN}`)
    await settled(page)
    expect(page.url()).toBe(`${served.origin}/runs/support-bot`)
    await page.getByRole('button', { name: 'Pause' }).click()
    await expect.poll(() => page.locator('h1 .badge').textContent()).toBe('paused')
  })

  it('shows nothing through a proxy until the token is right', async () => {
    const page = await open('/', { extraHTTPHeaders: { 'x-forwarded-for': '192.0.2.7' } })
    const field = page.getByLabel('Token of the coordinator')
    await field.waitFor()
    expect(await page.locator('.run-line').count()).toBe(0)
    await field.fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').filter({ hasText: 'not accepted' }).waitFor()
    await field.fill(TOKEN)
    await page.keyboard.press('Enter')
    await settled(page)
    expect(await page.locator('.run-line').count()).toBe(4)
  })

  it('says when the coordinator is away, comes back by itself and catches up', async () => {
    const page = await open('/')
    await settled(page)
    const { port } = served
    await served.close()
    await page.getByText('Connection lost.').waitFor()
    const [shown, ...others] = contents.runs
    served = await serveDashboard({ ...contents, runs: [{ ...shown!, phase: 'aggregating' }, ...others] }, port)
    await page.getByText('Connection lost.').waitFor({ state: 'detached' })
    await expect.poll(() => page.locator('h1 .badge').textContent()).toBe('aggregating')
  })

  it('says what to do next while there are no runs and no workers, and shows the first run when it starts', async () => {
    const empty = await serveDashboard(NONE)
    leftovers.push(empty.close)
    const page = await open('/', {}, empty.origin)
    await page.getByText(`tessera join ${empty.origin}`).waitFor()
    expect(await page.getByRole('main').textContent()).toContain('tessera run')
    const first = runView.parse({ ...contents.runs[0], id: 'first', name: 'first', metrics: [] })
    empty.publish({ type: 'run', run: first })
    await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent()).toContain('first')
    await page.getByText('No worker has joined yet').waitFor()
    await page.screenshot({ path: `${PICTURES}dashboard-empty.png`, fullPage: true })
    expect(complaints).toEqual([])
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 380]) {
      it(`fits into ${width} pixels, ${colorScheme}`, async () => {
        const page = await open('/', { colorScheme, viewport: { width, height: 900 } })
        await settled(page)
        await page.screenshot({ path: `${PICTURES}dashboard-${colorScheme}-${width}.png`, fullPage: true })
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
        expect(complaints).toEqual([])
      })
    }
  }
})
