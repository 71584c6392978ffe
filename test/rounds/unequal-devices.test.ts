import { readFile } from 'node:fs/promises'
import { leadingBlock } from '@tessera/adapters'
import { type Executor, openExecutor } from '@tessera/compiler'
import { type StoredMetric, trainLayout } from '@tessera/federation'
import { type BaseModel, loadBaseModel } from '@tessera/models'
import { parseRunSpec, type SimulationResult, simulate } from '@tessera/runs'
import { unwrap } from '@tessera/vocabulary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { STILL_WORLD } from './still-world.ts'

const root = new URL('../../', import.meta.url)
const RANK = 16
/** The largest rank of each device, and the number of its rows. */
const DEVICES = { small: [4, 40], middle: [8, 20], large: [16, 20] } as const
type Device = keyof typeof DEVICES
const ALL: readonly Device[] = ['small', 'middle', 'large']

let executor: Executor
let model: BaseModel
let rows: string[]
let test: string

beforeAll(async () => {
  model = unwrap(await loadBaseModel((file) => readFile(new URL(`models/tiny-debian-llama/${file}`, root))))
  executor = (await openExecutor('onnx-cpu', { threads: 2 })).executor
  rows = (await readFile(new URL('datasets/debian-sections/train.jsonl', root), 'utf8')).split('\n')
  const tests = await readFile(new URL('datasets/debian-sections/test.jsonl', root), 'utf8')
  test = tests.split('\n').slice(0, 60).join('\n')
})
afterAll(() => executor.dispose())

/** Some of the devices in a run of rank 16 on the q_proj layers, from R = 0; each has the rows that it always has. */
async function federate(devices: readonly Device[], settings: object): Promise<[SimulationResult, StoredMetric[]]> {
  const spec = unwrap(
    parseRunSpec({
      seed: 5,
      data: { format: 'classification', maxLength: 64 },
      adapter: { method: 'lora-sb', rank: RANK, initialStep: 0 },
      targets: ['q_proj'],
      initialisation: { name: 'weights' },
      train: { localSteps: 4, batchSize: 8, optimizer: { name: 'adamw', learningRate: 0.02 } },
      rounds: { total: 1, cohort: { size: devices.length, quorum: devices.length } },
      ...settings,
    }),
  )
  const from = { small: 0, middle: 40, large: 60 }
  const metrics: StoredMetric[] = []
  const result = await simulate({
    spec,
    model,
    executor,
    clients: Object.fromEntries(
      devices.map((name) => [name, rows.slice(from[name], from[name] + DEVICES[name][1]).join('\n')]),
    ),
    largestRanks: Object.fromEntries(devices.map((name) => [name, DEVICES[name][0]])),
    files: { test },
    ...STILL_WORLD,
    onMetrics: (measured) => metrics.push(...measured),
  })
  return [result, metrics]
}

const outside = (result: SimulationResult, rank: number): number[] => {
  const layout = trainLayout(result.record)
  const inside = leadingBlock(layout, new Float32Array(layout.length).fill(1), rank)
  return [...result.coordinates].filter((_, at) => inside[at] === 0)
}

describe('devices of ranks 4, 8 and 16 in a run of rank 16', () => {
  it('move nothing outside their blocks, and a round is the exact mean of their zero-padded updates', async () => {
    const alone: SimulationResult[] = []
    for (const device of ALL) alone.push((await federate([device], {}))[0])
    const zeros = alone.map((result, at) => outside(result, DEVICES[ALL[at]!][0]))
    expect(zeros.map(({ length }) => length)).toEqual([4 * (256 - 16), 4 * (256 - 64), 0])
    expect(zeros.flat().every((value) => value === 0)).toBe(true)
    const [together, metrics] = await federate(ALL, {})
    const mean = [...together.coordinates.keys()].map((at) =>
      alone.reduce((sum, { coordinates }, which) => sum + (DEVICES[ALL[which]!][1] / 80) * coordinates[at]!, 0),
    )
    const largest = Math.max(...mean.map(Math.abs))
    const gap = Math.max(...mean.map((value, at) => Math.abs(value - together.coordinates[at]!)))
    expect(largest).toBeGreaterThan(0.01)
    expect(gap).toBeLessThan(1e-6 * largest)
    const told = metrics.filter(({ name }) => name === 'rank').map(({ clientId, value }) => [clientId, value])
    expect(Object.fromEntries(told)).toEqual({ small: 4, middle: 8, large: 16 })
  })

  it('learn together', async () => {
    const [, metrics] = await federate(ALL, {
      targets: ['q_proj', 'down_proj'],
      train: { localSteps: 8, batchSize: 8, optimizer: { name: 'adamw', learningRate: 0.05 } },
      rounds: { total: 2, cohort: { size: 3, quorum: 3 } },
      evaluation: { file: 'test', rows: 60, every: 2 },
    })
    const losses = metrics.filter(({ name }) => name === 'eval-loss').map(({ value }) => value)
    expect(losses).toHaveLength(2)
    expect(losses[1]).toBeLessThan(losses[0]! - 0.2)
  })

  it('are refused where the method has no smaller ranks', async () => {
    const trial = federate(['small'], { adapter: { method: 'bone', rank: RANK }, initialisation: { name: 'none' } })
    await expect(trial).rejects.toMatchObject({
      code: 'invalid-config',
      message: expect.stringContaining('has no nested ranks, so devices can not train parts of it'),
    })
  })
})
