import { type Executor, openExecutor } from '@tessera/compiler'
import { type StoredMetric, trainLayout } from '@tessera/federation'
import { readSafetensors } from '@tessera/models'
import { exportMerged, exportPeft, parseRunSpec, simulate } from '@tessera/runs'
import { unwrap } from '@tessera/vocabulary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomLlama } from '../../packages/trainer/src/random-llama.ts'
import { STILL_WORLD } from './still-world.ts'
import { rows, TWO_PLACES } from './two-places.ts'

const model = randomLlama(3)
let executor: Executor

beforeAll(async () => {
  executor = (await openExecutor('onnx-cpu', { threads: 1 })).executor
})
afterAll(() => executor.dispose())

const ALONE = { north: TWO_PLACES.north }

/** LoRA of rank 1 in three rounds of one client or two. */
async function federate(rule: string, clients: Readonly<Record<string, string>>, total = 3) {
  const size = Object.keys(clients).length
  const spec = unwrap(
    parseRunSpec({
      seed: 5,
      data: { format: 'classification', maxLength: 32, template: '{text}: {label}' },
      adapter: { method: 'lora', rank: 1 },
      targets: ['q_proj', 'down_proj'],
      initialisation: { name: 'weights' },
      aggregator: { rule },
      train: { localSteps: 4, batchSize: 4, optimizer: { name: 'adamw', learningRate: 0.05 } },
      rounds: { total, cohort: { size, quorum: size } },
      evaluation: { file: 'test', rows: 8, every: 1 },
    }),
  )
  const metrics: StoredMetric[] = []
  const result = await simulate({
    spec,
    model,
    executor,
    clients,
    files: { test: rows(['ab', 'ad', 'x'], 8) },
    ...STILL_WORLD,
    onMetrics: (measured) => metrics.push(...measured),
  })
  const told = (name: string) =>
    metrics.filter((metric) => metric.name === name).sort((a, b) => a.round - b.round || a.value - b.value)
  return { ...result, values: (name: string) => told(name).map(({ value }) => value) }
}

describe('a run that moves its base weights', () => {
  it('with one client, measures after round 1 what the plain mean measures: the same change in another place', async () => {
    const plain = await federate('factor-mean', ALONE)
    for (const rule of ['flora', 'fedex-lora']) {
      const moved = await federate(rule, ALONE)
      expect(moved.values('eval-loss')[1], rule).toBeCloseTo(plain.values('eval-loss')[1]!, 4)
    }
  })

  it('trains on from the moved weights: every round of FLoRA starts from fresh factors, and the loss goes down', async () => {
    const { values, baseChange } = await federate('flora', TWO_PLACES)
    const losses = values('eval-loss')
    expect(losses).toHaveLength(4)
    for (let round = 1; round < 4; round++) expect(losses[round]).toBeLessThan(losses[round - 1]!)
    expect(baseChange).toHaveLength(4) // two layers of two sites
    const seconds = await federate('flora', TWO_PLACES, 1)
    expect(Math.max(...values('train-loss').slice(2))).toBeLessThan(Math.max(...seconds.values('train-loss')))
  })

  it('gives the same bytes twice', async () => {
    const [one, other] = [await federate('fedex-lora', TWO_PLACES), await federate('fedex-lora', TWO_PLACES)]
    expect(other.state.baseChange).toBe(one.state.baseChange)
    expect(other.coordinatesHash).toBe(one.coordinatesHash)
  })

  it('exports the factors and what was added as one LoRA, which is what merging gives', async () => {
    const { record, frozen, coordinates, baseChange } = await federate('fedex-lora', TWO_PLACES, 1)
    const source = { layout: trainLayout(record), frozen, coordinates, baseChange }
    const merged = exportMerged({ ...source, model, config: new Uint8Array() })
    const peft = exportPeft({ ...source, baseModel: 'base', weightOf: null })
    const weights = unwrap(readSafetensors(merged.files['model.safetensors'])).tensors
    const factors = unwrap(readSafetensors(peft.files['adapter_model.safetensors'])).tensors
    for (const { name, outDim, inDim } of record.sites) {
      const [b, a] = ['B', 'A'].map((side) => factors[`base_model.model.${name}.lora_${side}.weight`]!)
      const rank = b!.shape[1]!
      expect(rank).toBe(4) // 1 of the factors, (2 clients + 1) · 1 of the residual
      for (let at = 0; at < outDim * inDim; at++) {
        const [row, col] = [Math.floor(at / inDim), at % inDim]
        let value = model.parameters[`${name}.weight`]!.data[at]!
        for (let k = 0; k < rank; k++) value += b!.data[row * rank + k]! * a!.data[k * inDim + col]!
        expect(weights[`${name}.weight`]!.data[at]).toBeCloseTo(value, 5)
      }
    }
  })
})
