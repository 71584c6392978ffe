import { codecContext, codecs } from '@tessera/codecs'
import { type Executor, openExecutor } from '@tessera/compiler'
import {
  adapterLayout,
  encodeCoordinates,
  type Residual,
  roundLayout,
  type StoredMetric,
  trainLayout,
} from '@tessera/federation'
import { BASE_MODEL_FILES, readSafetensors } from '@tessera/models'
import { AssignmentRunner, createRunRecord, exportAdapter, packWork, type RunSpec, simulate } from '@tessera/runs'
import { subspaces } from '@tessera/subspaces'
import { readExamples, tokenizeExamples } from '@tessera/trainer'
import { blobHash, clientId, runId, unwrap } from '@tessera/vocabulary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { STILL_WORLD } from './still-world.ts'
import { model, type Parts, specOf } from './subspace-setting.ts'
import { rows, TWO_PLACES } from './two-places.ts'

let executor: Executor

beforeAll(async () => {
  executor = (await openExecutor('onnx-cpu', { threads: 1 })).executor
})
afterAll(() => executor.dispose())

async function federate(spec: RunSpec, forwardOnly: readonly string[] = []) {
  const metrics: StoredMetric[] = []
  const result = await simulate({
    spec,
    model,
    executor,
    clients: TWO_PLACES,
    forwardOnly,
    files: { test: rows(['ab', 'ad', 'x'], 8) },
    ...STILL_WORLD,
    onMetrics: (measured) => metrics.push(...measured),
  })
  const valuesOf = (name: string) => metrics.filter((metric) => metric.name === name)
  return { ...result, valuesOf, losses: valuesOf('eval-loss').map(({ value }) => value) }
}

const SUBSPACES: Readonly<Record<string, Parts>> = {
  'ferret': { coordinates: 400 },
  'seed-pool': { seeds: 64, learningRate: 2e-3 },
  'eggroll': { members: 16, learningRate: 1e-2 },
  'none': {},
}

const LORA = { method: 'lora', rank: 2 }
const LORA_SB = { method: 'lora-sb', rank: 4 }
/** Subspaces of an adapter's coordinates, which are few and move the model far. */
const IN_METHODS: readonly Parts[] = [
  { name: 'ferret', coordinates: 150 },
  { name: 'seed-pool', seeds: 64, learningRate: 0.02 },
  { name: 'eggroll', members: 16, learningRate: 0.1 },
]

describe('a run of full parameters by two clients in three rounds', () => {
  it.each(subspaces.names)('in the subspace %s lowers the loss of rows that no client has', async (name) => {
    const { losses, state } = await federate(specOf({ name, ...SUBSPACES[name] }))
    expect(state.phase).toBe('finished')
    expect(losses.at(-1)).toBeLessThan(losses[0]!)
  })

  it('moves every parameter of the model by 400 numbers a round, and lowers the loss', async () => {
    const { losses, adapted } = await federate(specOf({ name: 'ferret', coordinates: 400 }, { targets: 'all' }))
    const lengths = Object.values(model.parameters).map(({ data }) => data.length)
    expect(adapted).toHaveLength(lengths.reduce((sum, length) => sum + length, 0))
    expect(adapted.every((value) => value !== 0)).toBe(true)
    expect(losses.at(-1)).toBeLessThan(losses[0]!)
  })

  it('adds numbers alone in ferret: each round moves a stretch of its own, and tells how good it is', async () => {
    const { record, coordinates, adapted, valuesOf } = await federate(specOf({ name: 'ferret', coordinates: 400 }))
    const inner = adapterLayout(record).length
    expect([coordinates.length, adapted.length]).toEqual([3 * 400, inner])
    expect(roundLayout(record, 2).segments).toMatchObject([{ factor: 'round-2', offset: 0, length: 400 }])
    const cosines = valuesOf('reconstruction-cosine')
    expect(cosines).toHaveLength(6) // two clients, three rounds
    const expected = Math.sqrt(400 / (400 + inner))
    for (const { value } of cosines) {
      expect(value).toBeGreaterThan(expected * 0.7)
      expect(value).toBeLessThan(1)
    }
    expect(valuesOf('reconstruction-error')).toHaveLength(6)
  })

  it('moves a quarter of every matrix in a pool with smallest: 0.25, Sparse MeZO, and lowers the loss by it', async () => {
    const subspace = { name: 'seed-pool', seeds: 64, learningRate: 2e-3, smallest: 0.25 }
    const { losses, adapted, record } = await federate(specOf(subspace))
    expect(losses.at(-1)).toBeLessThan(losses[0]!)
    for (const { offset, length } of adapterLayout(record).segments) {
      const own = adapted.subarray(offset, offset + length)
      expect(own.filter((value) => value !== 0)).toHaveLength(length / 4)
    }
  })

  it('gives each client of a per-client ferret, and of eggroll, a part of its own', async () => {
    for (const subspace of [
      { name: 'ferret', coordinates: 300, seeds: 'per-client' },
      { name: 'eggroll', members: 4, learningRate: 1e-2 },
    ]) {
      const { record, coordinates, state } = await federate(specOf(subspace))
      const sent = 'members' in subspace ? 4 : 300
      expect(state.stage).toBeNull()
      expect(coordinates.length).toBe(3 * 2 * sent)
      const parts = Array.from({ length: 6 }, (_, at) => coordinates.subarray(at * sent, (at + 1) * sent))
      for (const part of parts) expect(part.every((value) => value !== 0)).toBe(true)
      expect(trainLayout(record).segments).toHaveLength(3)
    }
  })

  it('lets a forward-only worker and a gradient worker share a pool of seeds', async () => {
    const spec = specOf({ name: 'seed-pool', seeds: 64, learningRate: 2e-3, estimate: 'gradients' })
    const { losses, coordinates } = await federate(spec, ['south'])
    expect(losses.at(-1)).toBeLessThan(losses[0]!)
    expect(coordinates).not.toEqual((await federate(spec)).coordinates)
  })

  it('finds slopes by losses that are those of the gradient up to O(ε²): a quarter apart at half the ε', async () => {
    const slopeWith = async (options: Parts, forwardOnly: readonly string[] = []): Promise<number> => {
      const subspace = { name: 'seed-pool', seeds: 1, learningRate: 1, estimate: 'gradients', ...options }
      const train = { localSteps: 1, batchSize: 8, schedule: { kind: 'constant' } }
      const { coordinates } = await federate(specOf(subspace, { train, rounds: { total: 1 } }), forwardOnly)
      return -coordinates[0]!
    }
    const exact = await slopeWith({})
    const errorAt = async (epsilon: number) => Math.abs((await slopeWith({ epsilon }, ['north', 'south'])) - exact)
    const [coarse, fine] = [await errorAt(2 ** -4), await errorAt(2 ** -5)]
    expect(coarse / fine).toBeGreaterThan(3)
    expect(coarse / fine).toBeLessThan(5)
  })

  it('takes gradients where it needs them: a forward-only worker says that it has none', async () => {
    for (const name of ['ferret', 'none']) {
      const refused = federate(specOf({ name, ...SUBSPACES[name] }), ['north'])
      await expect(refused).rejects.toMatchObject({
        code: 'invalid-config',
        message: expect.stringContaining('needs gradients'),
      })
    }
  })

  it.each([
    ...IN_METHODS.map((subspace) => ({ adapter: LORA, subspace })),
    ...IN_METHODS.map((subspace) => ({ adapter: LORA_SB, subspace })),
  ])(
    'goes on in the coordinates of $adapter.method by $subspace.name, and measures the gap of the mean',
    async ({ adapter, subspace }) => {
      const { losses, adapted, record, valuesOf } = await federate(specOf(subspace, { adapter }))
      expect(losses.at(-1)).toBeLessThan(losses[0]!)
      expect(adapted.length).toBe(adapterLayout(record).length)
      const gaps = valuesOf('aggregation-gap').map(({ value }) => value > 0)
      expect(gaps).toEqual(Array(3).fill(adapter === LORA)) // of products, and of what is linear
    },
  )

  it('is exported as the base model with what the numbers have made of it', async () => {
    const { record, adapted, frozen, coordinates } = await federate(specOf({ name: 'ferret', coordinates: 400 }))
    expect(Object.keys(frozen)).toEqual([])
    const files = Object.fromEntries(BASE_MODEL_FILES.map((file) => [file, new TextEncoder().encode('{}')]))
    const exported = await exportAdapter(
      { setting: record, artefact: EMPTY_ARTEFACT, coordinates: encodeCoordinates(coordinates), baseChange: null },
      { format: 'auto', baseModel: 'tiny', openBase: async () => ({ model, files }) },
    )
    expect(exported.format).toBe('merged')
    const { tensors } = unwrap(readSafetensors(exported.weights))
    const [{ site, length, offset }] = adapterLayout(record).segments as never as [
      { site: string; length: number; offset: number },
    ]
    const base = model.parameters[`${site}.weight`]!.data
    const merged = tensors[`${site}.weight`]!.data
    for (let at = 0; at < length; at++) expect(merged[at]).toBeCloseTo(base[at]! + adapted[offset + at]!, 6)
  })
})

/** A safetensors file without tensors: all factors of `full` start at 0. */
const EMPTY_ARTEFACT = (() => {
  const bytes = new Uint8Array(8 + 2)
  bytes.set([2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d])
  return bytes
})()

/** A client of the run that does a round by itself, from these coordinates. */
function worker(spec: RunSpec) {
  const record = createRunRecord({ runId: runId('r'), spec, model, files: [], createdAt: 0 })
  const examples = tokenizeExamples(unwrap(readExamples(TWO_PLACES.north, spec.data)), {
    tokenizer: model.tokenizer,
    maxLength: 32,
  })
  const runner = new AssignmentRunner({ clientId: clientId('north'), executor, model, examples })
  const run = (
    round: number,
    coordinates: Float32Array,
    {
      schedule,
      before = null,
      ...reports
    }: { schedule: string | null; before?: Residual | null; onProgress?: () => void },
  ) => {
    const { assignment, materials } = assigned(round, coordinates, schedule)
    return runner.run({ assignment, materials, before, ...reports })
  }
  const assigned = (round: number, coordinates: Float32Array, schedule: string | null) => {
    const named = { runId: 'r', round, assignmentId: 'r.train.north', kind: 'train', pass: 0, place: null, schedule }
    const blobs = { artefact: 'a'.repeat(64), coordinates: 'c'.repeat(64), baseChange: null, deadlineAt: null }
    const assignment = { type: 'assignment', ...named, ...blobs, spec, sites: record.sites, model: [] } as never
    const materials = { artefact: EMPTY_ARTEFACT, coordinates: encodeCoordinates(coordinates), baseChange: null }
    return { assignment, materials }
  }
  /** The work as it is sent, what is read of it, and what it leaves. */
  const pack = async (round: number, coordinates: Float32Array, given: { schedule: string }) => {
    const { assignment, materials } = assigned(round, coordinates, given.schedule)
    const { update, sought } = await run(round, coordinates, given)
    const done = { assignment, materials, clientId: clientId('north'), update, sought, before: null }
    const { bytes, residual } = packWork(done)
    const context = codecContext({ seed: spec.seed, round })
    const codec = unwrap(codecs.byName(spec.codec.codec))
    const read = unwrap(codec.decode(bytes, update.length, spec.codec as never, context))
    return { update, sought, residual, read }
  }
  return { run, pack, length: trainLayout(record).length }
}

describe('a run in a ferret that feeds back', () => {
  const FED = { name: 'ferret', coordinates: 400, shrink: true, errorFeedback: true }
  const UNFED = { ...FED, errorFeedback: false }

  it.each([
    ['shared vectors', {}, {}],
    ['vectors of each client', { seeds: 'per-client' }, {}],
    ['coded numbers', {}, { codec: { codec: 'ternary', density: 0.25 } }],
  ])('gives the same bytes twice, and from round 2 on others than one that does not: %s', async (_of, part, parts) => {
    const of = async (subspace: Parts) => federate(specOf({ ...subspace, ...part }, parts))
    const [one, other, unfed] = [await of(FED), await of(FED), await of(UNFED)]
    expect(other.coordinatesHash).toBe(one.coordinatesHash)
    const gapIn = (round: number) => {
      const length = one.coordinates.length / 3
      const values = Array.from({ length }, (_, at) => (round - 1) * length + at)
      return Math.max(...values.map((at) => Math.abs(one.coordinates[at]! - unfed.coordinates[at]!)))
    }
    expect(gapIn(1)).toBeLessThan(1e-7) // the sums are exact on a grid that leaves room for what is fed back
    for (const round of [2, 3]) expect(gapIn(round)).toBeGreaterThan(1e-4)
    expect(one.losses.at(-1)).toBeLessThan(one.losses[0]!)
    const lefts = one.valuesOf('reconstruction-error').map(({ value }) => value)
    expect(lefts).toHaveLength(6)
    for (const left of lefts) expect(left).toBeLessThan(1)
  })

  it('leaves p minus what is read of its numbers, for the next round of the same run and client alone', async () => {
    const [of, unfed] = [FED, UNFED].map((subspace) => worker(specOf(subspace, { codec: { codec: 'top-k' } })))
    const none = new Float32Array(of!.length)
    const schedule = await scheduleOf(() => of!.run(1, none, { schedule: null }))
    const first = await of!.pack(1, none, { schedule })
    expect([first.update, first.residual?.values.length]).toEqual([
      (await unfed!.run(1, none, { schedule })).update,
      first.sought!.sum.length,
    ])
    expect((await unfed!.pack(1, none, { schedule })).residual?.values.length).toBe(none.length)
    const said = first.sought!.moved(first.read)
    const values = first.sought!.sum.map((value, at) => value - said[at]!)
    expect(first.residual).toMatchObject({ runId: 'r', clientId: 'north', artefact: 'a'.repeat(64), values })
    expect(first.read).not.toEqual(first.update) // the codec drops some: what it drops is left too
    const residual = first.residual as Residual
    const after = await of!.run(1, none, { schedule, before: residual })
    expect(after.sought!.sum).toEqual(first.sought!.sum.map((value, at) => value + values[at]!))
    const other = { ...residual, artefact: blobHash('f'.repeat(64)) }
    expect((await of!.run(1, none, { schedule, before: other })).update).toEqual(first.update)
    let steps = 0
    for (const part of [{ runId: runId('s') }, { clientId: clientId('south') }, { values: values.subarray(1) }]) {
      const run = of!.run(1, none, { schedule, before: { ...residual, ...part }, onProgress: () => steps++ })
      await expect(run).rejects.toMatchObject({
        code: 'invalid-residual',
        fix: expect.stringContaining('can be removed'),
      })
    }
    expect(steps).toBe(0)
  })
})

describe('a worker in a subspace', () => {
  it('that trains along other directions than the coordinator is stopped before it trains', async () => {
    const { run, length } = worker(specOf({ name: 'ferret', coordinates: 400 }))
    let steps = 0
    const work = run(1, new Float32Array(length), { schedule: '0'.repeat(64), onProgress: () => steps++ })
    await expect(work).rejects.toMatchObject({ code: 'schedule-mismatch', details: { expected: '0'.repeat(64) } })
    expect(steps).toBe(0)
  })

  it('that comes in round 3 does the same as one that was there from the start', async () => {
    const spec = specOf({ name: 'ferret', coordinates: 400 })
    const [always, late] = [worker(spec), worker(spec)]
    const coordinates = new Float32Array(always.length)
    const schedules: string[] = []
    for (const round of [1, 2, 3]) {
      schedules.push(await scheduleOf(() => always.run(round, coordinates, { schedule: null })))
      const { update } = await always.run(round, coordinates, { schedule: schedules[round - 1]! })
      if (round === 3) expect((await late.run(3, coordinates, { schedule: schedules[2]! })).update).toEqual(update)
      coordinates.set(update, (round - 1) * 400)
    }
    expect(new Set(schedules).size).toBe(3)
  })
})

/** The schedule that a worker has of a round: it names it when it is asked for another one. */
const scheduleOf = (ask: () => Promise<unknown>): Promise<string> =>
  ask().then(
    () => Promise.reject(new Error('it was not asked for a schedule')),
    (error: { details: { own: string } }) => error.details.own,
  )
