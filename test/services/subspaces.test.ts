import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MetricPoint, RoundView, RunView } from '@tessera/protocol'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'
import { tessera } from './tessera-command.ts'
import { BUNDLED_MODEL, bundledRows, endAll, freePort, startTessera } from './tessera-process.ts'

const TOKEN = 'one-for-all'
const DATA = ['--format', 'classification', '--max-length', '64'] as const

let folder: string
let url: string

const inFolder = (name: string): string => join(folder, name)

beforeAll(async () => {
  folder = await temporaryFolder('subspaces')
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  const rows = (await readFile(bundledRows('train'), 'utf8')).split('\n')
  await writeFile(inFolder('ada.jsonl'), rows.slice(0, 12).join('\n'))
  await writeFile(inFolder('bob.jsonl'), rows.slice(12, 24).join('\n'))
  await writeFile(
    inFolder('test.jsonl'),
    (await readFile(bundledRows('test'), 'utf8')).split('\n').slice(0, 12).join('\n'),
  )
  const flags = ['--port', `${port}`, '--token', TOKEN, '--db', 'embedded']
  await startTessera(inFolder('coordinator'), ['up', ...flags]).document(() => true)
  startWorker('ada')
  startWorker('bob', '--forward-only')
})

afterAll(async () => {
  await endAll()
  await rm(folder, { recursive: true, force: true })
})

function startWorker(name: string, ...flags: readonly string[]): void {
  const places = ['--data', inFolder(`${name}.jsonl`), '--state-dir', inFolder(name)]
  const device = ['--device', 'onnx-cpu', '--threads', '1']
  startTessera(inFolder('workers'), ['join', url, '--token', TOKEN, '--name', name, ...places, ...device, ...flags])
}

async function ask(...args: string[]): Promise<unknown> {
  const { exit, documents, said } = await tessera('--server', url, '--token', TOKEN, ...args)
  expect(exit, said).toBe(0)
  return documents.at(-1)
}

type ShownRun = RunView & { readonly roundViews: readonly RoundView[] }

/** A run of all parameters of the query projections that has finished. */
async function runIn(subspace: string): Promise<ShownRun> {
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
  await ask('runs', 'watch', id)
  return vi.waitFor(
    async () => {
      const shown = (await ask('runs', 'show', id)) as ShownRun
      expect([shown.phase, shown.adapterHash]).toEqual(['finished', expect.any(String)])
      expect(shown.metrics.some(({ name, round }) => name === 'eval-accuracy' && round === 2)).toBe(true)
      return shown
    },
    { timeout: 120_000, interval: 200 },
  )
}

const metric = (metrics: readonly MetricPoint[], name: string, round: number): number =>
  metrics.find((point) => point.name === name && point.round === round)!.value

describe('a coordinator, a worker and a worker that computes losses only', () => {
  it.each([
    ['{ name: seed-pool, seeds: 32, estimate: gradients }', 32],
    ['{ name: eggroll, members: 3 }', 3],
  ])('do a run in %s, %i numbers a client and round', async (subspace, sent) => {
    const shown = await runIn(subspace)
    expect(shown.roundViews.filter(({ round }) => round > 0).map(({ updateBytes }) => updateBytes)).toEqual([
      8 * sent,
      8 * sent,
    ])
    expect(await ask('verify', shown.id, '--strict')).toMatchObject({ verified: true, gaps: [] })
    const out = inFolder(`exported-${sent}`)
    expect(await ask('export', shown.id, '--out', out)).toMatchObject({ format: 'merged' })
    const evaluated = await ask(
      'eval',
      '--model',
      BUNDLED_MODEL,
      '--adapter',
      out,
      '--data',
      inFolder('test.jsonl'),
      ...DATA,
    )
    const { loss } = evaluated as { loss: number }
    expect(loss).toBeCloseTo(metric(shown.metrics, 'eval-loss', 2), 4)
  })
})
