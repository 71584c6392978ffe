import { type Executor, openExecutor } from '@tessera/compiler'
import { type StoredMetric, trainLayout } from '@tessera/federation'
import { readSafetensors } from '@tessera/models'
import { exportMerged, exportPeft, parseRunSpec, simulate } from '@tessera/runs'
import { createLife } from '@tessera/testing'
import { clientId, unwrap } from '@tessera/vocabulary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomLlama } from '../../packages/trainer/src/random-llama.ts'
import { killEverywhere } from './kill-everywhere.ts'
import { turning } from './kill-settings.ts'
import { type Cast, coordinatorIn, createWorld, inOrder } from './mortal-federation.ts'
import { type Chronicle, chronicleOf } from './run-chronicle.ts'
import { STILL_WORLD } from './still-world.ts'
import { trainedCast } from './trained-cast.ts'
import { rows, TWO_PLACES } from './two-places.ts'

const model = randomLlama(3)
let executor: Executor

beforeAll(async () => {
  executor = (await openExecutor('onnx-cpu', { threads: 1 })).executor
})
afterAll(() => executor.dispose())

/** What is trained: LoRA of rank 1 at two layers of each block. */
const TRAINED = {
  data: { format: 'classification', maxLength: 32, template: '{text}: {label}' },
  adapter: { method: 'lora', rank: 1 },
  targets: ['q_proj', 'down_proj'],
  train: { localSteps: 4, batchSize: 4, optimizer: { name: 'adamw', learningRate: 0.05 } },
}

const ALONE = { north: TWO_PLACES.north }

/** LoRA of rank 1 in three rounds of one client or two. */
async function federate(rule: string, clients: Readonly<Record<string, string>>, total = 3) {
  const size = Object.keys(clients).length
  const spec = unwrap(
    parseRunSpec({
      seed: 5,
      ...TRAINED,
      initialisation: { name: 'weights' },
      aggregator: { rule },
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

/** Three clients who train LoRA of rank 1; a round goes on with two of them when the third takes too long. */
function castUnder(rule: string): Cast {
  const lines = (jsonl: string) => jsonl.split('\n')
  return trainedCast({
    model,
    executor,
    rows: { a: lines(TWO_PLACES.north), b: lines(TWO_PLACES.south), c: lines(rows(['ac', 'x'], 6)) },
    test: lines(rows(['ab', 'ad', 'x'], 6)),
    choices: {
      ...TRAINED,
      initialisation: { name: 'none' },
      aggregator: { rule },
      rounds: {
        total: 4,
        cohort: { size: 3, quorum: 2 },
        deadline: { softMs: 1000, hardMs: 3000 },
        mode: { kind: 'sync', onLate: 'discard' },
      },
    },
  })
}

const FIRST_OF_C = 3
const withoutCAtFirst = inOrder((round) => (round < FIRST_OF_C ? ['a', 'b', 'alarm'] : ['c', 'a', 'b']))

/** A run whose rounds 1 and 2 count a and b only: c, who trains in all of them, is too slow, or it joins in round 3. */
async function runWithC(rule: string, c: 'too slow' | 'not there'): Promise<Chronicle> {
  const world = createWorld(castUnder(rule))
  const coordinator = coordinatorIn(world, createLife())
  const member = world.crowd.get(clientId('c'))!
  await coordinator.start()
  for (const client of world.crowd.values()) if (client !== member || c === 'too slow') await coordinator.join(client)
  const trained = new Set<number>()
  while (coordinator.state.phase !== 'finished') {
    const round = coordinator.state.stage?.index ?? 0
    if (round >= FIRST_OF_C && !coordinator.connected.has(member.id)) await coordinator.join(member)
    for (const [id, work] of member.owed) {
      await member.resultOf(id)
      trained.add(work.round)
    }
    const next = withoutCAtFirst(coordinator, world)
    if (next === 'alarm') world.clock.advanceTo(world.clock.nextWake()!)
    else await coordinator.deliver(next, [...next.owed.keys()][0]!)
    await coordinator.rest()
  }
  expect([...trained]).toEqual(c === 'too slow' ? [1, 2, 3, 4] : [3, 4])
  return chronicleOf(world)
}

describe.each(['flora', 'fedex-lora'])('clients and coordinators that come and go under %s', (rule) => {
  it('a client that joins in round 3 sends what it would send had it trained from the start, bit for bit', async () => {
    const [joined, there] = [await runWithC(rule, 'not there'), await runWithC(rule, 'too slow')]
    expect(joined).toEqual(there)
    const taken = joined.kept.map((update) => update.replace(/^trained\.train-|: .*$/g, ''))
    expect(taken).toEqual(['1.a', '1.b', '2.a', '2.b', '3.a', '3.b', '3.c', '4.a', '4.b', '4.c'])
  })

  it('a run ends with the same adapter and the same base weights wherever the coordinator dies', async () => {
    // a write has three points, so every other one meets all of them
    expect(await killEverywhere(castUnder(rule), turning, { stride: 2 })).toBeGreaterThan(50)
  })
})
