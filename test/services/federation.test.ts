import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LedgerView, MetricPoint, RoundView, RunView } from '@tessera/protocol'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'
import { tessera } from './tessera-command.ts'
import {
  BUNDLED_MODEL,
  bundledRows,
  endAll,
  freePort,
  type Json,
  startTessera,
  type TesseraProcess,
} from './tessera-process.ts'

const TOKEN = 'one-for-all'
const DATA = ['--format', 'classification', '--max-length', '64'] as const
const NAMES = ['ada', 'bob'] as const

let folder: string
let url: string
let port: number
let coordinator: TesseraProcess
const workers: Partial<Record<(typeof NAMES)[number], TesseraProcess>> = {}

const inFolder = (name: string): string => join(folder, name)

beforeAll(async () => {
  folder = await temporaryFolder('federation')
  port = await freePort()
  url = `http://127.0.0.1:${port}`
  const rows = (await readFile(bundledRows('train'), 'utf8')).split('\n')
  await writeFile(inFolder('ada.jsonl'), rows.slice(0, 24).join('\n'))
  await writeFile(inFolder('bob.jsonl'), rows.slice(24, 44).join('\n'))
  const test = (await readFile(bundledRows('test'), 'utf8')).split('\n')
  await writeFile(inFolder('test.jsonl'), test.slice(0, 24).join('\n'))
  coordinator = await startCoordinator()
  for (const name of NAMES) workers[name] = startWorker(name)
})

afterAll(async () => {
  await endAll()
  await rm(folder, { recursive: true, force: true })
})

async function startCoordinator(): Promise<TesseraProcess> {
  const home = inFolder('coordinator')
  const started = startTessera(home, ['up', '--port', `${port}`, '--token', TOKEN, '--db', 'embedded'])
  expect(await started.document(() => true)).toEqual({ url, token: TOKEN, dataFolder: home })
  return started
}

function startWorker(name: (typeof NAMES)[number]): TesseraProcess {
  const flags = ['--token', TOKEN, '--data', inFolder(`${name}.jsonl`), '--device', 'onnx-cpu', '--threads', '1']
  return startTessera(inFolder('workers'), ['join', url, '--name', name, '--state-dir', inFolder(name), ...flags])
}

/** A command of a person at the coordinator's machine. */
async function ask(...args: string[]): Promise<unknown> {
  const { exit, documents, said } = await tessera('--server', url, '--token', TOKEN, ...args)
  expect(exit, said).toBe(0)
  return documents.at(-1)
}

/** Two rounds of six steps from a federated sketch; every run of these settings is the same run. */
async function startRun(): Promise<string> {
  const settings = {
    'model': BUNDLED_MODEL,
    'targets': '[q_proj]',
    'data.maxLength': '64',
    'adapter': '{ method: lora-sb, rank: 4, initialStep: 0 }',
    'initialisation': '{ name: federated-sketch, batches: 2 }',
    'train': '{ localSteps: 6, batchSize: 4 }',
    'rounds.total': '2',
    'evaluation.file': inFolder('test.jsonl'),
  }
  const flags = Object.entries(settings).flatMap(([path, value]) => ['--set', `${path}=${value}`])
  const { id } = (await ask('run', '--name', 'federation', '--seed', '7', ...flags)) as { id: string }
  return id
}

const watch = async (run: string) => (await ask('runs', 'watch', run)) as RunView
type ShownRun = RunView & { readonly roundViews: readonly RoundView[] }
const show = async (run: string) => (await ask('runs', 'show', run)) as ShownRun
/** A finished run with what the coordinator measures and names after the last commit. */
const settled = (run: string): Promise<ShownRun> =>
  vi.waitFor(
    async () => {
      const shown = await show(run)
      expect([shown.phase, shown.adapterHash]).toEqual(['finished', expect.any(String)])
      expect(shown.metrics.some(({ name, round }) => name === 'eval-accuracy' && round === shown.rounds)).toBe(true)
      return shown
    },
    { timeout: 120_000, interval: 200 },
  )
const hashesOf = (rounds: readonly RoundView[]): (string | null)[] => rounds.map((round) => round.coordinatesHash)
const metric = (metrics: readonly MetricPoint[], name: string, round: number): number =>
  metrics.find((point) => point.name === name && point.round === round)!.value
const training =
  (round: number) =>
  ({ type, kind, round: at }: Json): boolean =>
    type === 'progress' && kind === 'train' && at === round

describe('a coordinator and two workers, each a process', () => {
  let undisturbed: ShownRun

  it('run two rounds from a federated sketch, and ls, show and watch tell of them', async () => {
    const id = await startRun()
    expect(await watch(id)).toMatchObject({ id, phase: 'finished', round: 2, rounds: 2, rank: 4, method: 'lora-sb' })
    expect(await ask('runs', 'ls')).toMatchObject([{ id, phase: 'finished' }])
    undisturbed = await settled(id)
    const { roundViews } = undisturbed
    expect(roundViews.map(({ kind, round }) => `${kind} ${round}`)).toEqual([
      'probe 0',
      'probe 0',
      'train 1',
      'train 2',
    ])
    for (const { cohort } of roundViews) {
      const parts = cohort.map(({ clientId, status, weight }) => [clientId, status, weight])
      expect(parts.sort()).toEqual([
        ['ada', 'delivered', 24],
        ['bob', 'delivered', 20],
      ])
    }
    // R of four layers, 4 × 4 float32 from each of two clients.
    expect(roundViews[2]!.uploadFloorBytes).toBe(2 * 4 * 4 * 4 * 4)
    // The ledger of the run says the same, beside what two probes and two rounds of the clients took in all.
    const { progress, entries, total } = (await ask('ledger', id, '--by', 'round')) as LedgerView
    expect(progress).toEqual({ phase: 'finished', round: 2, rounds: 2, ended: true })
    expect(entries.map(({ round, uploadFloorBytes }) => [round, uploadFloorBytes]).slice(1)).toEqual([
      [1, 512],
      [2, 512],
    ])
    const sent = (views: readonly { uploadBytes: number }[]) =>
      views.reduce((sum, { uploadBytes }) => sum + uploadBytes, 0)
    expect([sent(entries), sent(undisturbed.clients)]).toEqual([total.uploadBytes, total.uploadBytes])
    expect(undisturbed.adapterHash).toMatch(/^[0-9a-f]{64}$/)
  })

  it('export an adapter that evaluates to the loss of the coordinator within 1e-4, as the base does before round 1', async () => {
    const out = inFolder('adapter')
    const exported = (await ask('export', undisturbed.id, '--out', out)) as Json
    expect(exported).toMatchObject({ adapterDir: out, adapterHash: undisturbed.adapterHash, rank: 4, round: 2 })
    expect((await readdir(out)).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors', 'tessera.json'])
    expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([])
    const flags = ['--model', BUNDLED_MODEL, '--data', inFolder('test.jsonl'), '--device', 'onnx-cpu', ...DATA]
    const adapted = (await ask('eval', ...flags, '--adapter', out)) as { rows: number; loss: number; accuracy: number }
    const base = (await ask('eval', ...flags)) as { loss: number }
    const { metrics } = undisturbed
    expect(adapted.rows).toBe(24)
    expect(Math.abs(adapted.loss - metric(metrics, 'eval-loss', 2))).toBeLessThan(1e-4)
    expect(adapted.accuracy).toBe(metric(metrics, 'eval-accuracy', 2))
    expect(Math.abs(base.loss - metric(metrics, 'eval-loss', 0))).toBeLessThan(1e-4)
    expect(Math.abs(base.loss - adapted.loss)).toBeGreaterThan(1e-3) // the adapter does something
  })

  it('come to the same coordinates when the coordinator is interrupted in round 1 and killed in round 2', async () => {
    const id = await startRun()
    await workers.ada!.document(training(1))
    expect(await coordinator.kill('SIGINT')).toBe(0)
    const second = workers.ada!.document(training(2))
    coordinator = await startCoordinator()
    await second
    expect(await coordinator.kill('SIGKILL')).toBe('SIGKILL')
    coordinator = await startCoordinator()
    expect((await watch(id)).phase).toBe('finished')
    expect(hashesOf((await show(id)).roundViews)).toEqual(hashesOf(undisturbed.roundViews))
  })

  it('come to the same coordinates when a worker is killed in round 1 and started again as the same client', async () => {
    const id = await startRun()
    await workers.bob!.document(training(1))
    expect(await workers.bob!.kill('SIGKILL')).toBe('SIGKILL')
    workers.bob = startWorker('bob')
    expect((await watch(id)).phase).toBe('finished')
    const { roundViews, adapterHash } = await settled(id)
    expect(hashesOf(roundViews)).toEqual(hashesOf(undisturbed.roundViews))
    expect(adapterHash).toBe(undisturbed.adapterHash)
  })

  it('refuse a second worker of one client and a second coordinator of one folder, and leave in good order', async () => {
    const twin = startWorker('ada')
    expect(await workers.ada!.ended).toBe(4)
    expect(workers.ada!.documents.at(-1)).toMatchObject({ error: { code: 'client-replaced', retryable: false } })
    const other = startTessera(inFolder('coordinator'), ['up', '--port', '0', '--token', 'other', '--db', 'embedded'])
    expect(await other.ended).toBe(4)
    expect(other.documents).toMatchObject([{ error: { code: 'data-folder-in-use' } }])
    expect((await readFile(join(inFolder('coordinator'), 'token'), 'utf8')).trim()).toBe(TOKEN)
    expect(await Promise.all([twin.kill('SIGINT'), workers.bob!.kill('SIGTERM')])).toEqual([0, 0])
    expect(await coordinator.kill('SIGINT')).toBe(0)
  })
})
