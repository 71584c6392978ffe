import { readFile } from 'node:fs/promises'
import { type Executor, openExecutor } from '@tessera/compiler'
import { type StoredMetric, trainLayout } from '@tessera/federation'
import { type BaseModel, loadBaseModel, readSafetensors } from '@tessera/models'
import { createRunRecord, exportPeft, parseRunSpec, type RunSpec, type SimulationResult, simulate } from '@tessera/runs'
import { type FedError, runId, unwrap } from '@tessera/vocabulary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { STILL_WORLD } from './still-world.ts'

const root = new URL('../../', import.meta.url)
const linesOf = async (file: string, count: number): Promise<string[]> =>
  (await readFile(new URL(`datasets/debian-sections/${file}.jsonl`, root), 'utf8')).split('\n').slice(0, count)

let executor: Executor
let model: BaseModel
let clients: Readonly<Record<string, string>>
let test: string

beforeAll(async () => {
  model = unwrap(await loadBaseModel((file) => readFile(new URL(`models/tiny-debian-llama/${file}`, root))))
  executor = (await openExecutor('onnx-cpu', { threads: 2 })).executor
  const rows = await linesOf('train', 80)
  clients = {
    small: rows.slice(0, 40).join('\n'),
    middle: rows.slice(40, 60).join('\n'),
    large: rows.slice(60).join('\n'),
  }
  test = (await linesOf('test', 60)).join('\n')
})
afterAll(() => executor.dispose())

/** AdaLoRA of rank 4 on the eight q_proj and down_proj layers, in four rounds of three clients. */
const specWith = (choices: object): RunSpec =>
  unwrap(
    parseRunSpec({
      seed: 5,
      data: { format: 'classification', maxLength: 64 },
      adapter: { method: 'adalora', rank: 4, alpha: 4 },
      targets: ['q_proj', 'down_proj'],
      initialisation: { name: 'none' },
      rankPolicy: { name: 'adalora', targetRank: 1 },
      aggregator: { rule: 'factor-mean' },
      train: { localSteps: 6, batchSize: 8, optimizer: { name: 'adamw', learningRate: 0.05 } },
      rounds: { total: 4, cohort: { size: 3, quorum: 3 } },
      ...choices,
    }),
  )

async function federate(choices: object = {}): Promise<[SimulationResult, StoredMetric[]]> {
  const metrics: StoredMetric[] = []
  const result = await simulate({
    spec: specWith(choices),
    model,
    executor,
    clients,
    files: { test },
    ...STILL_WORLD,
    onMetrics: (measured) => metrics.push(...measured),
  })
  return [result, metrics]
}

const valuesOf = (metrics: readonly StoredMetric[], wanted: string): number[] =>
  metrics
    .filter(({ name }) => name === wanted)
    .sort((one, other) => one.round - other.round)
    .map(({ value }) => value)

describe("a run with AdaLoRA's rank policy", () => {
  it('lowers its ranks from 32 to 8, trains all along, and ends with coordinates and an export of these ranks', async () => {
    const [{ record, state, frozen, coordinates }, metrics] = await federate({
      evaluation: { file: 'test', rows: 60, every: 1 },
    })
    expect(valuesOf(metrics, 'ranks')).toEqual([32, 11, 8, 8]) // 8 + 24 (1/2)³ in between
    const ranks = Object.values(state.ranks!)
    expect(ranks.reduce((sum, rank) => sum + rank, 0)).toBe(8)
    expect(new Set(ranks).size).toBeGreaterThan(1)
    const layout = trainLayout(record)
    const numbers = record.sites.map(({ name, outDim, inDim }) => state.ranks![name]! * (outDim + 1 + inDim))
    expect(layout.length).toBe(numbers.reduce((sum, own) => sum + own, 0))
    const losses = valuesOf(metrics, 'eval-loss')
    expect(losses).toHaveLength(5)
    expect(losses[4]).toBeLessThan(losses[0]! - 0.2)
    const { files, rank, exactness } = exportPeft({
      ...{ layout, frozen, coordinates, baseModel: 'base' },
      weightOf: ({ name }) => model.parameters[`${name}.weight`]!.data,
    })
    expect(rank).toBe(Math.max(...ranks))
    expect(exactness.relative).toBeLessThan(1e-6)
    const { tensors } = unwrap(readSafetensors(files['adapter_model.safetensors']))
    expect(Object.keys(tensors)).toHaveLength(2 * ranks.filter((own) => own > 0).length)
  })

  it('goes with plain LoRA and a server optimizer, whose memory loses the same ranks', async () => {
    const [{ state, coordinates }] = await federate({
      adapter: { method: 'lora', rank: 4 },
      serverOptimizer: { name: 'adam' },
      rounds: { total: 3, cohort: { size: 3, quorum: 3 } },
    })
    expect(Object.values(state.ranks!).reduce((sum, rank) => sum + rank, 0)).toBe(8)
    expect(coordinates.every(Number.isFinite)).toBe(true)
  })
})

describe('a rank policy is refused, with the reason,', () => {
  const refusal = (choices: object): FedError | null => {
    try {
      createRunRecord({ runId: runId('run'), spec: specWith(choices), model, files: [], createdAt: 0 })
      return null
    } catch (error) {
      return error as FedError
    }
  }

  it.each([
    ['where ranks are no parts of a sum', { adapter: { method: 'bone', rank: 4 } }, 'does not fall into ranks'],
    [
      'where late updates still count',
      { rounds: { total: 4, mode: { kind: 'sync', onLate: 'next-round' } } },
      'updates of earlier rounds still count',
    ],
    ['where updates are buffered', { rounds: { total: 4, mode: { kind: 'buffered' } } }, 'updates of earlier rounds'],
    [
      'where the rule says where factors have to be',
      { adapter: { method: 'lora', rank: 4 }, aggregator: { rule: 'flexlora' } },
      'says itself where the factors have to be',
    ],
    ['in a subspace', { subspace: { name: 'ferret' } }, 'adalora changes ranks between rounds'],
    [
      'where the target is more than there is',
      { rankPolicy: { name: 'adalora', targetRank: 5 } },
      'a target of 5 ranks',
    ],
    ['where there is no time', { rounds: { total: 2 } }, '1 warm-up and 1 final rounds leave none of 2'],
    [
      'where there is no time for a method of which another rule is the best',
      { adapter: { method: 'lora', rank: 4 }, rounds: { total: 2 } },
      '1 warm-up and 1 final rounds leave none of 2',
    ],
  ])('%s', (_, choices, says) => {
    expect(refusal({})).toBeNull()
    expect(refusal(choices)).toMatchObject({ code: 'invalid-config', message: expect.stringContaining(says) })
  })
})
