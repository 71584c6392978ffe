import { readFile } from 'node:fs/promises'
import { type Executor, openExecutor } from '@tessera/compiler'
import type { StoredMetric } from '@tessera/federation'
import { type BaseModel, loadBaseModel } from '@tessera/models'
import { parseRunSpec, simulate } from '@tessera/runs'
import { unwrap } from '@tessera/vocabulary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { STILL_WORLD } from './still-world.ts'

const root = new URL('../../', import.meta.url)
const LABELS = ['games', 'perl', 'rust']
let executor: Executor
let model: BaseModel
let train: string[]
let test: string[]

beforeAll(async () => {
  model = unwrap(await loadBaseModel((file) => readFile(new URL(`models/tiny-debian-llama/${file}`, root))))
  executor = (await openExecutor('onnx-cpu', { threads: 2 })).executor
  train = await rowsOf('train')
  test = (await rowsOf('test')).slice(0, 60)
})
afterAll(() => executor.dispose())

/** The rows of three sections, mixed: the file has them one after the other. */
async function rowsOf(part: 'train' | 'test'): Promise<string[]> {
  const text = await readFile(new URL(`datasets/debian-sections/${part}.jsonl`, root), 'utf8')
  const rows = text.trim().split('\n')
  const some = rows.filter((row) => LABELS.includes(JSON.parse(row).label))
  return some.map((_, at) => some[(at * 1009) % some.length]!)
}

/** Every games package is said to be a perl one, every perl one a rust one, every rust one a game. */
function flipped(row: string): string {
  const parsed = JSON.parse(row)
  return JSON.stringify({ ...parsed, label: LABELS[(LABELS.indexOf(parsed.label) + 1) % LABELS.length] })
}

/** Four honest clients with 60 rows each, and one with 180 that is one of them or flips its labels: its weight is 3/7. */
async function federate(rule: string, { attacked }: { attacked: boolean }) {
  const spec = unwrap(
    parseRunSpec({
      seed: 5,
      data: { format: 'classification', maxLength: 40 },
      adapter: { method: 'train-b-only', rank: 8 },
      targets: ['q_proj', 'down_proj'],
      aggregator: { rule },
      train: { localSteps: 8, batchSize: 8, optimizer: { name: 'adamw', learningRate: 0.02 } },
      rounds: { total: 4, cohort: { size: 5, quorum: 5 } },
      evaluation: { file: 'test', rows: 60, every: 4 },
    }),
  )
  const honest = [0, 60, 120, 180].map((from, at) => [`honest-${at}`, train.slice(from, from + 60)] as const)
  const fifth = train.slice(240, 420).map((row) => (attacked ? flipped(row) : row))
  const clients = [...honest, ['fifth', fifth] as const].map(([name, rows]) => [name, rows.join('\n')])
  const metrics: StoredMetric[] = []
  await simulate({
    spec,
    model,
    executor,
    clients: Object.fromEntries(clients),
    files: { test: test.join('\n') },
    ...STILL_WORLD,
    onMetrics: (measured) => metrics.push(...measured),
  })
  const last = (name: string): number => metrics.find((metric) => metric.name === name && metric.round === 4)!.value
  return { loss: last('eval-loss'), accuracy: last('eval-accuracy') }
}

describe('a client that flips its labels', () => {
  it('spoils the weighted mean, and neither the coordinate median nor multi-Krum', async () => {
    const clean = await federate('weighted-mean', { attacked: false })
    const spoilt = await federate('weighted-mean', { attacked: true })
    expect(clean.accuracy).toBeGreaterThan(0.9)
    expect(spoilt.loss).toBeGreaterThan(3 * clean.loss)
    for (const rule of ['coordinate-median', 'multi-krum']) {
      const robust = await federate(rule, { attacked: true })
      expect(robust.loss, rule).toBeLessThan(1.5 * clean.loss)
      expect(robust.accuracy, rule).toBeGreaterThan(clean.accuracy - 0.05)
    }
  })
})
