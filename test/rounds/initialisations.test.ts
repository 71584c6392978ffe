import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { factorKey } from '@tessera/adapters'
import { type Executor, openExecutor } from '@tessera/compiler'
import type { RunRecord } from '@tessera/federation'
import { fromFloat32, type Matrix, multiply, multiplyLeftTransposed, qr, svd } from '@tessera/math'
import { type BaseModel, loadBaseModel } from '@tessera/models'
import { createRunRecord, createWorkbench, parseRunSpec, type RunSpec, simulate } from '@tessera/runs'
import { runId, unwrap } from '@tessera/vocabulary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { STILL_WORLD } from './still-world.ts'

const root = new URL('../../', import.meta.url)
const FILE = { kind: 'calibration', file: 'calibration', rows: 96 }
const CLIENTS = { kind: 'federated', oversample: 192, batches: 100 }
const RANK = 8
let executor: Executor
let model: BaseModel
let rows: string[]
/** Of the base model, as the first run measured it. */
let baseLoss: number | null = null

beforeAll(async () => {
  model = unwrap(await loadBaseModel((file) => readFile(new URL(`models/tiny-debian-llama/${file}`, root))))
  executor = (await openExecutor('onnx-cpu', { threads: 2 })).executor
  rows = (await readFile(new URL('datasets/debian-sections/train.jsonl', root), 'utf8')).split('\n').slice(0, 96)
})
afterAll(() => executor.dispose())

function specOf(settings: Record<string, unknown>): RunSpec {
  const spec = {
    seed: 5,
    data: { format: 'classification', maxLength: 64 },
    adapter: { method: 'lora', rank: RANK, start: 'product' },
    aggregator: { rule: 'factor-mean' },
    targets: ['v_proj'],
    train: { localSteps: 1, batchSize: 8 },
    rounds: { total: 1, cohort: { size: 2, quorum: 2 } },
    ...settings,
  }
  return unwrap(parseRunSpec(spec))
}

const recordOf = (settings: Record<string, unknown>): RunRecord =>
  createRunRecord({ runId: runId('run'), spec: specOf(settings), model, files: [], createdAt: 0 })

const workbench = () =>
  createWorkbench({
    executor: async () => executor,
    model: async () => model,
    readText: async () => rows.join('\n'),
    now: () => 0,
  })

/** Of the angle between the spaces of two orthonormal bases. */
function largestSine(p: Matrix, q: Matrix): number {
  const inside = multiply(p, multiplyLeftTransposed(p, q))
  return svd({ ...q, data: q.data.map((value, at) => value - inside.data[at]!) }).s[0]!
}

describe('an initialisation from data', () => {
  it('from a file tells which one, and how many rows of it', async () => {
    const { data } = await workbench().makeFactors(recordOf({ initialisation: { name: 'lora-ga', data: FILE } }))
    const hash = createHash('sha256').update(rows.join('\n')).digest('hex')
    expect(data).toEqual({ hash, rows: 96 })
    const fewer = { name: 'lora-ga', data: { ...FILE, rows: 10 } }
    expect((await workbench().makeFactors(recordOf({ initialisation: fewer }))).data).toEqual({ hash, rows: 10 })
    const weights = await workbench().makeFactors(recordOf({ initialisation: { name: 'pissa' } }))
    expect(weights.data).toBe(undefined)
  })

  it('gives EVA’s layers ranks of their own, the same in all, and factors of those shapes', async () => {
    const settings = { adapter: { method: 'lora', rank: RANK }, initialisation: { name: 'eva', data: FILE } }
    const { ranks, factors } = await workbench().makeFactors(recordOf(settings))
    const given = Object.values(ranks!)
    expect(given.reduce((sum, rank) => sum + rank, 0)).toBe(4 * RANK)
    expect(new Set(given).size).toBeGreaterThan(1)
    for (const [site, rank] of Object.entries(ranks!)) expect(factors[factorKey(site, 'A')]).toHaveLength(rank * 192)
  })

  it.each(['instruction-previewed', 'knowledge-preserved'])(
    'by federated passes as wide as the layer starts where the pooled rows start: corda’s %s mode',
    async (mode) => {
      const initialisation = (data: object) => ({ initialisation: { name: 'corda', mode, data } })
      const central = await workbench().makeFactors(recordOf(initialisation(FILE)))
      const { frozen, record } = await simulate({
        ...{ spec: specOf(initialisation(CLIENTS)), model, executor },
        clients: { north: rows.slice(0, 64).join('\n'), south: rows.slice(64).join('\n') },
        ...STILL_WORLD,
      })
      for (const { name, outDim, inDim } of record.sites) {
        const directions = (from: Record<string, Float32Array>) =>
          qr(fromFloat32(outDim, RANK, from[factorKey(name, 'B0')]!)).q
        expect(frozen[factorKey(name, 'A0')]).toHaveLength(RANK * inDim)
        expect(largestSine(directions(frozen), directions(central.factors))).toBeLessThan(0.01)
      }
    },
  )

  it.each([
    [
      'lora-ga by sketches of gradients',
      { start: 'product' },
      { name: 'lora-ga', data: { ...CLIENTS, oversample: 8 } },
    ],
    ['eva by sketches of activations', { start: 'zero' }, { name: 'eva', data: { ...CLIENTS, oversample: 8 } }],
    [
      'corda’s other mode from a file',
      { start: 'product' },
      { name: 'corda', mode: 'knowledge-preserved', data: FILE },
    ],
  ])('starts at the base model and learns: %s', async (_what, adapter, initialisation) => {
    const losses: number[] = []
    const spec = specOf({
      ...{ adapter: { method: 'lora', rank: RANK, ...adapter }, initialisation },
      train: { localSteps: 6, batchSize: 8, optimizer: { name: 'adamw', learningRate: 0.005 } },
      evaluation: { file: 'calibration', rows: 40 },
    })
    await simulate({
      ...{ spec, model, executor, clients: { north: rows.slice(0, 64).join('\n'), south: rows.slice(64).join('\n') } },
      files: { calibration: rows.join('\n') },
      ...STILL_WORLD,
      onMetrics: (metrics) => losses.push(...metrics.flatMap(({ name, value }) => (name === 'eval-loss' ? value : []))),
    })
    baseLoss ??= losses[0]!
    expect(losses[0]).toBeCloseTo(baseLoss, 3)
    expect(losses[1]).toBeLessThan(losses[0]! - 0.5)
  })

  it('is refused before any client is asked where the method does not start so', () => {
    const record = (adapter: object, name: string) => () => recordOf({ adapter, initialisation: { name } })
    const lora = { method: 'lora', rank: RANK }
    expect(record(lora, 'pissa')).toThrow('gives a product to start from, and B would be zero')
    expect(record({ ...lora, start: 'product' }, 'eva')).toThrow('gives an input basis only')
    const everyone = { name: 'corda', mode: 'knowledge-preserved', data: CLIENTS }
    const wider = { targets: ['v_proj', 'down_proj'], initialisation: everyone }
    expect(() => recordOf(wider)).toThrow('a sketch of 200 of the 512 directions at model.layers.0.mlp.down_proj')
    expect(record({ ...lora, start: 'product', rank: 60 }, 'lora-ga')).toThrow('takes 120 singular vectors')
  })
})
