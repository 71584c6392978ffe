import { adapterMethods, flatten, takesSpectrum, unflatten } from '@tessera/adapters'
import { type Executor, openExecutor } from '@tessera/compiler'
import {
  aggregationGap,
  decodeCoordinates,
  decodeFrozen,
  roundLayout,
  type StoredMetric,
  trainLayout,
} from '@tessera/federation'
import { createRunRecord, exportMerged, importMerged, parseRunSpec, simulate } from '@tessera/runs'
import { collect } from '@tessera/testing'
import { type BlobHash, runId, unwrap } from '@tessera/vocabulary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomLlama } from '../../packages/trainer/src/random-llama.ts'
import { readModel } from '../parity/peft-adapter.ts'
import { createWorld, inOrder, runThrough, type World } from './mortal-federation.ts'
import { STILL_WORLD } from './still-world.ts'
import { trainedCast } from './trained-cast.ts'
import { rows, TWO_PLACES } from './two-places.ts'

const model = randomLlama(3)
let executor: Executor

beforeAll(async () => {
  executor = (await openExecutor('onnx-cpu', { threads: 1 })).executor
})
afterAll(() => executor.dispose())

const clients = TWO_PLACES

type Adapter = { method: string } & Record<string, unknown>

function specOf(adapter: Adapter, rounds: Record<string, unknown> = {}, others: Record<string, unknown> = {}) {
  const method = unwrap(adapterMethods.byName(adapter.method))
  return unwrap(
    parseRunSpec({
      seed: 5,
      ...others,
      data: { format: 'classification', maxLength: 32, template: '{text}: {label}' },
      adapter,
      aggregator: { rule: 'factor-mean' }, // goes with every method
      ...(takesSpectrum(method) && { initialisation: { name: 'weights' } }),
      train: { localSteps: 3, batchSize: 4, optimizer: { name: 'adamw', learningRate: 0.05 } },
      rounds: { total: 2, cohort: { size: 2, quorum: 2 }, ...rounds },
      evaluation: { file: 'test', rows: 8, every: 1 },
    }),
  )
}

async function federate(adapter: Adapter, others: Record<string, unknown> = {}) {
  const spec = specOf(adapter, {}, others)
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
  const lossAfter = (round: number) => metrics.find((metric) => metric.name === 'eval-loss' && metric.round === round)!
  return { ...result, lossAfter: (round: number) => lossAfter(round).value }
}

const withRank = (name: string) => {
  const method = unwrap(adapterMethods.byName(name))
  return { method: name, ...('rank' in method.config.shape && { rank: 2 }) }
}

describe('a specification that names a method alone', () => {
  it.each(adapterMethods.names)('is a run of %s that the bundled model carries', async (method) => {
    const spec = unwrap(parseRunSpec({ adapter: { method } }))
    const bundled = await readModel()
    const { spec: kept } = createRunRecord({ runId: runId('r'), spec, model: bundled, files: [], createdAt: 0 })
    expect(kept).toMatchObject({
      adapter: { method },
      initialisation: spec.initialisation,
      aggregator: spec.aggregator,
    })
  })
})

describe('a run of two clients and two rounds', () => {
  it.each(adapterMethods.names)('with %s lowers the loss of rows that no client has', async (name) => {
    const { state, lossAfter } = await federate(withRank(name))
    expect(state.phase).toBe('finished')
    expect(lossAfter(2)).toBeLessThan(lossAfter(0))
  })

  it('leaves what rests in a round as it was received', async () => {
    const { record, coordinates } = await federate({ method: 'lisa', layers: 1, every: 5 })
    const layout = trainLayout(record)
    const trained = roundLayout(record, 1).segments.map(({ site }) => site)
    expect(trained).toHaveLength(7) // one of two layers, seven sites
    for (const [key, values] of Object.entries(unflatten(layout, coordinates))) {
      const moved = values.some((value) => value !== 0)
      expect(moved, key).toBe(trained.includes(key.replace(/\.D$/, '')))
    }
  })

  it('trains LaMDA’s B in the first round only, when it is frozen after that', async () => {
    const { record, coordinates, frozen } = await federate({ method: 'lamda', rank: 2, freezeAfter: 1 })
    expect(roundLayout(record, 2).length).toBe(4 * 14)
    expect(Object.keys(frozen).every((key) => key.endsWith('.A'))).toBe(true)
    expect(coordinates.length).toBe(roundLayout(record, 1).length)
  })

  it('refuses a schedule where updates of earlier rounds count', () => {
    const late = specOf({ method: 'lamda', rank: 2, freezeAfter: 1 }, { mode: { kind: 'sync', onLate: 'next-round' } })
    const create = () => createRunRecord({ runId: runId('r'), spec: late, model, files: [], createdAt: 0 })
    expect(create).toThrow(expect.objectContaining({ code: 'invalid-config' }))
    expect(create).toThrow('lamda trains other factors in round 2')
  })
})

describe('a run of a method with two sides that multiply each other', () => {
  const ROUNDS = [1, 2, 3, 4]

  async function runOf(adapter: Adapter, rule: string): Promise<World> {
    const lines = Object.entries(clients).map(([name, text]) => [name, text.split('\n')])
    const cast = trainedCast({
      model,
      executor,
      rows: Object.fromEntries(lines),
      test: rows(['ab', 'ad', 'x'], 8).split('\n'),
      choices: {
        data: { format: 'classification', maxLength: 32 },
        adapter,
        aggregator: { rule },
        initialisation: { name: 'none' },
        train: { localSteps: 3, batchSize: 4, optimizer: { name: 'adamw', learningRate: 0.05 } },
        rounds: { total: ROUNDS.length, cohort: { size: 2, quorum: 2 } },
      },
    })
    const world = createWorld(cast)
    await runThrough(
      world,
      inOrder(() => Object.keys(clients)),
    )
    return world
  }

  /** ‖mean ΔW − ΔW‖ / ‖mean ΔW‖ in every round, of what the clients sent and what was committed. */
  async function gapsOf({ store, record, workbench }: World): Promise<number[]> {
    const read = async (hash: BlobHash) => (await store.readBlob(hash))!
    const all = trainLayout(record)
    const weightOf = await workbench.weightOf!(record)
    const versions = new Map((await store.versionsOf(record.runId)).map((version) => [version.round, version]))
    const frozen = unwrap(decodeFrozen(record, await read(versions.get(0)!.factors), weightOf))
    const coordinatesAt = async (round: number) =>
      unwrap(decodeCoordinates(await read(versions.get(round)!.coordinates), all.length))
    const gaps = ROUNDS.map(async (round) => {
      const active = roundLayout(record, round)
      const [received, after] = [await coordinatesAt(round - 1), await coordinatesAt(round)]
      const trained = flatten(active, unflatten(all, after))
      const before = flatten(active, unflatten(all, received))
      const result = trained.map((value, at) => value - before[at]!)
      const updates = (await collect(store.updatesOf(record.runId, { kind: 'train', index: round }))).map(
        ({ bytes, weight }) => ({ update: new Float32Array(bytes.slice().buffer), weight }), // the codec is float32
      )
      return aggregationGap({ all, active, frozen, weightOf, received, updates, result, rest: [] })
    })
    return Promise.all(gaps)
  }

  const TWO_SIDED = ['vera', 'randlora', 'nola', 'soka']

  it.each(TWO_SIDED)('averages weight changes where %s trains them in turn', async (name) => {
    const world = await runOf({ ...withRank(name), trains: 'alternate' }, 'weighted-mean')
    const trained = ROUNDS.map((round) => [...new Set(roundLayout(world.record, round).segments.map((s) => s.factor))])
    expect(trained.map(({ length }) => length)).toEqual([1, 1, 1, 1])
    expect([trained[0], trained[1]]).toEqual([trained[2], trained[3]])
    expect(trained[0]).not.toEqual(trained[1])
    expect(Math.max(...(await gapsOf(world)))).toBeLessThanOrEqual(1e-6)
  })

  it.each(TWO_SIDED)('does not where %s trains both in a round', async (name) => {
    const [first] = await gapsOf(await runOf(withRank(name), 'factor-mean'))
    expect(first).toBeGreaterThan(0.05)
  })
})

describe('a run of all weights, embedding and norms too', () => {
  const count = Object.values(model.parameters).reduce((sum, { data }) => sum + data.length, 0)

  it('moves every parameter of the model and lowers the loss, and its export is the model that was trained', async () => {
    const { record, coordinates, lossAfter } = await federate({ method: 'full' }, { targets: 'all' })
    expect(coordinates).toHaveLength(count)
    expect(lossAfter(2)).toBeLessThan(lossAfter(0))
    const layout = trainLayout(record)
    const config = new TextEncoder().encode(JSON.stringify(model.config))
    const { files } = exportMerged({ model, config, layout, frozen: {}, coordinates })
    const { frozen } = unwrap(importMerged(files['model.safetensors'], model))
    for (const [key, change] of Object.entries(unflatten(layout, coordinates))) {
      const site = key.replace(/\.D$/, '')
      const { data } = model.parameters[`${site}.weight`]!
      expect(frozen[`${site}.W`], site).toEqual(data.map((value, at) => value + change[at]!))
    }
  })

  it('trains embedding and last norm in every round of LISA', () => {
    const spec = specOf({ method: 'lisa', layers: 1 }, {}, { targets: 'all' })
    const record = createRunRecord({ runId: runId('r'), spec, model, files: [], createdAt: 0 })
    for (const round of [1, 2]) {
      const trained = roundLayout(record, round).segments.map(({ site }) => site)
      expect(trained).toHaveLength(9 + 2) // seven projections and two norms of one layer
      expect(trained).toEqual(expect.arrayContaining(['model.embed_tokens', 'model.norm']))
    }
  })

  it('is refused with methods of linear layers, and so is a name that the model does not have', () => {
    const create = (adapter: Adapter, targets: unknown) => () =>
      createRunRecord({
        runId: runId('r'),
        spec: specOf(adapter, {}, { targets }),
        model,
        files: [],
        createdAt: 0,
      })
    expect(create({ method: 'lora', rank: 2 }, 'all')).toThrow(
      'lora adapts linear layers, and model.embed_tokens is none',
    )
    expect(create({ method: 'full' }, ['embed_tokens', 'norm', 'q_proj'])).not.toThrow()
    expect(create({ method: 'full' }, ['lm_head'])).toThrow('the model has no weight called lm_head') // it is tied
  })
})

describe('a local optimizer that does nothing of its own', () => {
  it('is refused before a run begins: LoRA+ without a factor B', () => {
    const spec = specOf({ method: 'lora-sb', rank: 2 }, {})
    const optimizer = { ...spec.train.optimizer, name: 'lora-plus', ratio: 16 }
    const create = () =>
      createRunRecord({
        runId: runId('r'),
        spec: { ...spec, train: { ...spec.train, optimizer } },
        model,
        files: [],
        createdAt: 0,
      })
    expect(create).toThrow(expect.objectContaining({ code: 'invalid-config', fix: expect.stringContaining('adamw') }))
  })
})
