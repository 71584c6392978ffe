import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MetricPoint, RoundView, RunView } from '@tessera/protocol'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'
import { tessera } from './tessera-command.ts'
import { BUNDLED_MODEL, bundledRows, endAll, freePort, startTessera, type TesseraProcess } from './tessera-process.ts'

const TOKEN = 'one-for-all'
const DATA = ['--format', 'classification', '--max-length', '64'] as const

let folder: string
let url: string
let lossesOnly: TesseraProcess

const inFolder = (name: string): string => join(folder, name)

beforeAll(async () => {
  folder = await temporaryFolder('subspaces')
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  const rows = (await readFile(bundledRows('train'), 'utf8')).split('\n')
  await writeFile(inFolder('ada.jsonl'), rows.slice(0, 12).join('\n'))
  await writeFile(inFolder('bob.jsonl'), rows.slice(12, 24).join('\n'))
  await writeFile(inFolder('cyd.jsonl'), rows.slice(24, 36).join('\n'))
  await writeFile(
    inFolder('test.jsonl'),
    (await readFile(bundledRows('test'), 'utf8')).split('\n').slice(0, 12).join('\n'),
  )
  const flags = ['--port', `${port}`, '--token', TOKEN, '--db', 'embedded']
  await startTessera(inFolder('coordinator'), ['up', ...flags]).document(() => true)
  startWorker('ada')
  lossesOnly = startWorker('bob', '--forward-only')
})

afterAll(async () => {
  await endAll()
  await rm(folder, { recursive: true, force: true })
})

function startWorker(name: string, ...flags: readonly string[]): TesseraProcess {
  const places = ['--data', inFolder(`${name}.jsonl`), '--state-dir', inFolder(name)]
  const device = ['--device', 'onnx-cpu', '--threads', '1']
  const join = ['join', url, '--token', TOKEN, '--name', name]
  return startTessera(inFolder('workers'), [...join, ...places, ...device, ...flags])
}

async function ask(...args: string[]): Promise<unknown> {
  const { exit, documents, said } = await tessera('--server', url, '--token', TOKEN, ...args)
  expect(exit, said).toBe(0)
  return documents.at(-1)
}

type ShownRun = RunView & { readonly roundViews: readonly RoundView[] }

/** The id of a new run of all parameters of the query projections. */
async function startRun(subspace: string): Promise<string> {
  const settings = {
    'model': BUNDLED_MODEL,
    'targets': '[q_proj]',
    'data.maxLength': '64',
    'adapter': '{ method: full }',
    subspace,
    'train': '{ localSteps: 2, batchSize: 4 }',
    'rounds.total': '2',
    'evaluation.file': inFolder('test.jsonl'),
  }
  const flags = Object.entries(settings).flatMap(([path, value]) => ['--set', `${path}=${value}`])
  const { id } = (await ask('run', '--name', 'subspaces', '--seed', '7', ...flags)) as { id: string }
  return id
}

const shownWhen = (id: string, check: (shown: ShownRun) => void): Promise<ShownRun> =>
  vi.waitFor(
    async () => {
      const shown = (await ask('runs', 'show', id)) as ShownRun
      check(shown)
      return shown
    },
    { timeout: 120_000, interval: 200 },
  )

const whenFinished = (id: string): Promise<ShownRun> =>
  shownWhen(id, (shown) => {
    expect([shown.phase, shown.adapterHash]).toEqual(['finished', expect.any(String)])
    expect(shown.metrics.some(({ name, round }) => name === 'eval-accuracy' && round === 2)).toBe(true)
  })

/** The log tells how the run came about, and what is exported has the loss that the run has. */
async function expectTrue(shown: ShownRun): Promise<void> {
  expect(await ask('verify', shown.id, '--strict')).toMatchObject({ verified: true, gaps: [] })
  const out = inFolder(`exported-${shown.id}`)
  expect(await ask('export', shown.id, '--out', out)).toMatchObject({ format: 'merged' })
  const places = ['--model', BUNDLED_MODEL, '--adapter', out, '--data', inFolder('test.jsonl')]
  const { loss } = (await ask('eval', ...places, ...DATA)) as { loss: number }
  expect(loss).toBeCloseTo(metric(shown.metrics, 'eval-loss', 2), 4)
}

const bytesOf = ({ roundViews }: ShownRun): (number | null)[] =>
  roundViews.filter(({ round }) => round > 0).map(({ updateBytes }) => updateBytes)

const metric = (metrics: readonly MetricPoint[], name: string, round: number): number =>
  metrics.find((point) => point.name === name && point.round === round)!.value

describe('a coordinator, a worker and a worker that computes losses only', () => {
  it.each([
    ['{ name: seed-pool, seeds: 32, estimate: gradients }', 32],
    ['{ name: eggroll, members: 3 }', 3],
  ])('do a run in %s, %i numbers a client and round', async (subspace, sent) => {
    const shown = await whenFinished(await startRun(subspace))
    expect(bytesOf(shown)).toEqual([8 * sent, 8 * sent])
    await expectTrue(shown)
  })

  it('wait for gradients in a ferret that feeds back: it is declined with a sentence, and goes on with another worker', async () => {
    const id = await startRun('{ name: ferret, coordinates: 64, shrink: true, errorFeedback: true }')
    const { message, roundViews } = await shownWhen(id, ({ phase }) => expect(phase).toBe('paused'))
    expect(message).toBe('round 1 got 1 updates where 2 make a quorum, in 3 attempts')
    expect(roundViews[0]?.cohort.map(({ clientId, status }) => [clientId, status])).toEqual([
      ['ada', 'delivered'],
      ['bob', 'declined'],
    ])
    const refused = lossesOnly.documents.filter(({ type }) => type === 'refused')
    expect(refused).toHaveLength(3)
    expect(refused[0]).toMatchObject({
      error: { code: 'invalid-config', message: expect.stringContaining('computes losses only') },
    })
    const cyd = startWorker('cyd')
    await cyd.document(({ type }) => type === 'connected')
    await ask('runs', 'resume', id)
    const shown = await whenFinished(id)
    expect(bytesOf(shown)).toEqual([8 * 64, 8 * 64])
    for (const name of ['ada', 'cyd'])
      expect(await readdir(join(inFolder(name), 'residuals'))).toEqual([`${id}.residual`])
    await expectTrue(shown)
  })
})
