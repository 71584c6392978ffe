import { readFile } from 'node:fs/promises'
import { type Executor, openExecutor } from '@tessera/compiler'
import type { StoredMetric } from '@tessera/federation'
import { type BaseModel, loadBaseModel } from '@tessera/models'
import { parseRunSpec, type SimulationResult, simulate } from '@tessera/runs'
import { unwrap } from '@tessera/vocabulary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { STILL_WORLD } from './still-world.ts'

const root = new URL('../../', import.meta.url)
const SITES = ['q_proj', 'down_proj']
let executor: Executor
let model: BaseModel
let rows: string[]
let test: string[]

beforeAll(async () => {
  model = unwrap(await loadBaseModel((file) => readFile(new URL(`models/tiny-debian-llama/${file}`, root))))
  executor = (await openExecutor('onnx-cpu', { threads: 2 })).executor
  rows = (await readFile(new URL('datasets/debian-sections/train.jsonl', root), 'utf8')).split('\n')
  const tests = await readFile(new URL('datasets/debian-sections/test.jsonl', root), 'utf8')
  test = tests.split('\n').slice(0, 60)
})
afterAll(() => executor.dispose())

interface Trial {
  readonly result: SimulationResult
  readonly metrics: readonly StoredMetric[]
}

/** Two clients of unequal size on 4 layers of the real model, two rounds of six steps. */
async function federate(
  settings: Record<string, unknown> = {},
  { reversed = false, write = (line: string) => line } = {},
): Promise<Trial> {
  const spec = unwrap(
    parseRunSpec({
      seed: 5,
      data: { format: 'classification', maxLength: 64 },
      adapter: { method: 'lora-sb', rank: 8 },
      targets: SITES,
      initialisation: { name: 'federated-sketch', oversample: 4, batches: 2 },
      train: { localSteps: 6, batchSize: 8, optimizer: { name: 'adamw', learningRate: 0.02 } },
      rounds: { total: 2, cohort: { size: 2, quorum: 2 } },
      evaluation: { file: 'test', rows: 60, every: 2 },
      ...settings,
    }),
  )
  const jsonl = (from: number, to: number): string => rows.slice(from, to).map(write).join('\n')
  const clients = Object.entries({ north: jsonl(0, 60), south: jsonl(60, 100) })
  const metrics: StoredMetric[] = []
  const result = await simulate({
    spec,
    model,
    executor,
    clients: Object.fromEntries(reversed ? clients.reverse() : clients),
    files: { test: test.map(write).join('\n'), calibration: jsonl(200, 240) },
    ...STILL_WORLD,
    onMetrics: (measured) => metrics.push(...measured),
  })
  return { result, metrics }
}

const evalLoss = ({ metrics }: Trial, round: number): number =>
  metrics.find((metric) => metric.name === 'eval-loss' && metric.round === round)!.value

describe('a federation in one process', () => {
  it('learns from both clients, and gives the same bytes in whatever order they come', async () => {
    const [one, other] = [await federate(), await federate({}, { reversed: true })]
    expect(one.result.state.round).toBe(2)
    expect(one.result.coordinates).toHaveLength(8 * 8 * SITES.length * 4)
    expect(evalLoss(one, 2)).toBeLessThan(evalLoss(one, 0) - 0.5)
    expect(other.result.coordinatesHash).toBe(one.result.coordinatesHash)
  })

  it('gives other bytes for another seed', async () => {
    const [one, other] = [await federate(), await federate({ seed: 6 })]
    expect(other.result.coordinatesHash).not.toBe(one.result.coordinatesHash)
  })

  it.each([
    ['lora-xs from the base weights', { adapter: { method: 'lora-xs', rank: 8 }, initialisation: { name: 'weights' } }],
    ['lora-sb from a calibration file', { initialisation: { name: 'calibration', file: 'calibration', rows: 40 } }],
    [
      'an Adam sign start with R₀',
      {
        adapter: { method: 'lora-sb', rank: 8, initialStep: 0.0001 },
        initialisation: { name: 'calibration', file: 'calibration', rows: 40, variant: 'adam-sign' },
      },
    ],
    ['a power pass', { initialisation: { name: 'federated-sketch', oversample: 4, batches: 1, powerPasses: 1 } }],
    ['float16 on the wire', { codec: { codec: 'float16' } }],
  ])('runs %s', async (_name, settings) => {
    const trial = await federate(settings)
    expect(evalLoss(trial, 2)).toBeLessThan(evalLoss(trial, 0))
  })

  it('trains on chats, and measures their loss', async () => {
    const trial = await federate({ data: { format: 'chat', maxLength: 64 } }, { write: asChat })
    expect(evalLoss(trial, 2)).toBeLessThan(evalLoss(trial, 0) - 0.5)
    expect(trial.metrics.some(({ name }) => name === 'eval-accuracy')).toBe(false)
  })
})

/** A row of the classification set as a question and its answer. */
function asChat(line: string): string {
  const { text, label } = JSON.parse(line) as { text: string; label: string }
  const messages = [
    { role: 'user', content: text.slice(0, 120) },
    { role: 'assistant', content: label },
  ]
  return JSON.stringify({ messages })
}
