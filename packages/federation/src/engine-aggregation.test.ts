import { float64Ops, float64Tensor, unflatten } from '@tessera/adapters'
import { createRandomStream } from '@tessera/math'
import { hashBytes } from '@tessera/protocol'
import {
  archiveRun,
  collect,
  createFederation,
  examplesOf,
  FEDERATION_SITES,
  knownUpdate,
  type StorySpec,
} from '@tessera/testing'
import { type Site, unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { changedWeight, decodeBaseChanges } from './base-change.ts'
import { Evaluations } from './evaluations.ts'
import { createMemoryStore } from './memory-store.ts'
import type { Version } from './run-duties.ts'
import { trainLayout } from './stage-layout.ts'
import { verifyRun } from './verify-run.ts'

const LORA = { method: 'lora', rank: 2, alpha: 4, start: 'zero' } as const
/** B and A of both sites at rank 2: 12 + 10 and 8 + 16. */
const LENGTH = 46
const CLIENTS = ['a', 'b', 'c']
const TOTAL = 42 // 10 + 25 + 7 examples

const updateOf = (client: string, round: number): Float32Array => {
  const known = knownUpdate(client, round)
  return Float32Array.from({ length: LENGTH }, (_, at) => known[at % known.length]! / (1 + (at % 3)))
}

type Told = Awaited<ReturnType<typeof roundsOf>>

/** A run with this rule: what each round started from and left, and its metrics. */
async function roundsOf(rule: string, more: Pick<StorySpec, 'serverOptimizer' | 'initialisation'> = {}) {
  const store = createMemoryStore()
  const spec = { adapter: LORA, aggregator: { rule }, ...more }
  const federation = createFederation(spec, { store })
  const starts: { round: number; coordinates: Float32Array; baseChange: string | null }[] = []
  await federation.engine.createRun(federation.record)
  await federation.join()
  const answers = await federation.work(async (client, message) => {
    const { round, baseChange } = message
    if (!starts.some((start) => start.round === round)) {
      starts.push({ round, baseChange, coordinates: await federation.coordinates() })
    }
    return updateOf(client, round)
  })
  expect(answers).toEqual(Array(9).fill('accepted'))
  expect(federation.stateOf().phase).toBe('finished')
  const metric = (name: string) =>
    store.metricsOf(federation.record.runId).flatMap((own) => (own.name === name ? [own.value] : []))
  return { federation, starts, end: await federation.coordinates(), metric }
}

/** 2 B A at a site: the scale is alpha / rank. */
function productAt({ outDim, inDim }: Site, coordinates: Float32Array): Float64Array {
  const offset = outDim === 6 ? 0 : 22
  const part = (from: number, rows: number, cols: number) =>
    float64Tensor([rows, cols], coordinates.subarray(offset + from, offset + from + rows * cols))
  return float64Ops.scale(float64Ops.matMul(part(0, outDim, 2), part(2 * outDim, 2, inDim)), 2).data
}

/** What all rounds add up to where each adds Σ pᵢ (2 Bᵢ Aᵢ − 2 B A) to a layer. */
function changeByHand({ starts }: Told, site: Site): Float64Array {
  const change = productAt(site, starts[0]!.coordinates)
  for (const { round, coordinates } of starts) {
    const before = productAt(site, coordinates)
    for (const client of CLIENTS) {
      const update = updateOf(client, round)
      const own = productAt(
        site,
        coordinates.map((value, at) => value + update[at]!),
      )
      for (let at = 0; at < change.length; at++) change[at]! += (examplesOf(client) / TOTAL) * (own[at]! - before[at]!)
    }
  }
  return change
}

/** What a run has made of a layer's weight, from its stored state. */
async function changeStored({ federation, end }: Told, site: Site): Promise<Float64Array> {
  const { baseChange } = federation.stateOf()
  const bytes = baseChange && (await federation.store.readBlob(baseChange))
  const changes = bytes ? unwrap(decodeBaseChanges(bytes, FEDERATION_SITES)) : []
  const base = changedWeight(site, new Float32Array(site.outDim * site.inDim), changes)
  return productAt(site, end).map((value, at) => value + base[at]!)
}

const norm = (values: Float64Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
const distance = (a: Float64Array, b: Float64Array): number => norm(a.map((value, at) => value - b[at]!))

describe('rules for factor pairs, through the engine', () => {
  it.each(['fedex-lora', 'flora'])('%s adds up all changes of three rounds exactly', async (rule) => {
    const told = await roundsOf(rule)
    for (const site of FEDERATION_SITES) {
      const expected = changeByHand(told, site)
      expect(distance(await changeStored(told, site), expected)).toBeLessThan(1e-6 * norm(expected))
    }
    expect(told.metric('aggregation-gap')).toEqual([0, 0, 0])
    const given = told.starts.map(({ baseChange }) => baseChange === null)
    expect(given).toEqual([true, false, false]) // what was added before is sent along
  })

  it('fedex-lora’s versions are measured after a restart with the base weights that each had', async () => {
    const store = createMemoryStore()
    const evaluate = async () => {
      throw new Error('no room for a model')
    }
    const spec = { adapter: LORA, aggregator: { rule: 'fedex-lora' } }
    const federation = createFederation(spec, { store, workbench: { evaluate } })
    await federation.engine.createRun(federation.record)
    await federation.join()
    const sent = new Map<number, string | null>()
    await federation.work(async (client, { round, baseChange }) => {
      sent.set(round, baseChange)
      return updateOf(client, round)
    })
    await federation.engine.close()
    const asked: (string | undefined)[] = []
    const duties = {
      evaluate: async ({ baseChange }: Version) => {
        asked.push(baseChange)
        return []
      },
    }
    const evaluations = new Evaluations(federation.record, { ...federation, store }, duties)
    await evaluations.addLeft()
    await evaluations.done
    expect(asked).toEqual([undefined, sent.get(2), sent.get(3), federation.stateOf().baseChange])
  })

  it('flora starts every round from the coordinates before round 1, where base weights gave them', async () => {
    const { starts, end } = await roundsOf('flora')
    for (const { coordinates } of starts) expect(coordinates).toEqual(starts[0]!.coordinates)
    expect(end).toEqual(starts[0]!.coordinates)
  })

  it.each(['none', 'random'])(
    'flora starts every round with B = 0 and another A, where initialisation %s draws it',
    async (name) => {
      const told = await roundsOf('flora', { initialisation: { name } })
      const { federation, starts, end } = told
      const all = [...starts.map(({ coordinates }) => coordinates), end]
      const sides = all.map((coordinates) => unflatten(trainLayout(federation.record), coordinates))
      for (const { name: site } of FEDERATION_SITES) {
        const drawn = sides.map((own) => own[`${site}.A`]!)
        for (const own of sides) expect(own[`${site}.B`]!.every((value) => value === 0)).toBe(true)
        for (const [at, A] of drawn.entries()) {
          expect(A.every(Number.isFinite) && A.some((value) => value !== 0)).toBe(true)
          for (const other of drawn.slice(0, at)) expect(other).not.toEqual(A)
        }
      }
      for (const site of FEDERATION_SITES) {
        const expected = changeByHand(told, site)
        expect(distance(await changeStored(told, site), expected)).toBeLessThan(1e-6 * norm(expected))
      }
      const again = await roundsOf('flora', { initialisation: { name } })
      expect(again.end).toEqual(end)
    },
  )

  it('flora’s fresh A is LoRA’s own start, uniform in ±1/√inDim by the stream of the round and the site', async () => {
    const { starts } = await roundsOf('flora', { initialisation: { name: 'none' } })
    for (const [block, { outDim, inDim }] of FEDERATION_SITES.entries()) {
      const A = new Float32Array(2 * inDim)
      const stream = { seed: 5, purpose: 'adapter start', round: 2, client: 0, block }
      createRandomStream(stream).fillUniform(A, 1 / Math.sqrt(inDim))
      const from = outDim === 6 ? 12 : 22 + 8
      const given = Array.from(starts[2]!.coordinates.subarray(from, from + 2 * inDim))
      expect(given).toEqual(Array.from(A, (value) => expect.closeTo(value, 6))) // received plus what leads there
    }
  })

  it('factor-mean and flexlora tell the gap of every round, worked by hand for the first', async () => {
    const told = await roundsOf('factor-mean')
    const first = { ...told, starts: told.starts.slice(0, 1), end: told.starts[1]!.coordinates }
    const sides = FEDERATION_SITES.map((site) => {
      const expected = changeByHand(first, site)
      return [distance(productAt(site, first.end), expected), norm(expected)] as const
    })
    const gap = Math.hypot(...sides.map(([wrong]) => wrong)) / Math.hypot(...sides.map(([, whole]) => whole))
    expect(told.metric('aggregation-gap')).toHaveLength(3)
    expect(told.metric('aggregation-gap')[0]).toBeCloseTo(gap, 6)
    expect(gap).toBeGreaterThan(0.01)
    const cut = await roundsOf('flexlora')
    for (const [at, value] of cut.metric('aggregation-gap').entries()) {
      expect(value).toBeCloseTo(cut.metric('truncation-error')[at]!, 5)
    }
  })
})

describe('server optimizers, through the engine', () => {
  it('momentum moves the coordinates by m = m / 2 + mean, and is stored with the run', async () => {
    const plain = await roundsOf('factor-mean')
    const served = await roundsOf('factor-mean', {
      serverOptimizer: { name: 'momentum', learningRate: 1, momentum: 0.5 },
    })
    const means = [1, 2, 3].map((round) =>
      Float64Array.from({ length: LENGTH }, (_, at) =>
        CLIENTS.reduce((sum, client) => sum + (examplesOf(client) / TOTAL) * updateOf(client, round)[at]!, 0),
      ),
    )
    const [one, two, three] = means as [Float64Array, Float64Array, Float64Array]
    for (const [at, start] of plain.starts[0]!.coordinates.entries()) {
      expect(plain.end[at]).toBeCloseTo(start + one[at]! + two[at]! + three[at]!, 6)
      // m₁ = u₁, m₂ = u₁ / 2 + u₂, m₃ = u₁ / 4 + u₂ / 2 + u₃
      expect(served.end[at]).toBeCloseTo(start + 1.75 * one[at]! + 1.5 * two[at]! + three[at]!, 6)
    }
    const state = await served.federation.store.readBlob(served.federation.stateOf().server!)
    expect(state).toHaveLength(4 * LENGTH)
    expect(plain.federation.stateOf().server).toBeUndefined()
  })
})

describe('passes of the initialisation', () => {
  it('are summed whatever aggregates the rounds: the same frozen factors, and other coordinates', async () => {
    const made = async (rule: string) => {
      const spec = { initialisation: 'federated-sketch', aggregator: { rule } } as const
      return (await archiveRun({ spec, hash: hashBytes })).state
    }
    const [mean, median] = [await made('weighted-mean'), await made('coordinate-median')]
    expect(median.factors).toBe(mean.factors)
    expect(median.coordinates).not.toBe(mean.coordinates)
  })
})

describe('a check of such runs', () => {
  it.each([
    ['fedex-lora', { name: 'none' }],
    ['flora', { name: 'none' }],
    ['flora', { name: 'none' }, 'none'],
    ['coordinate-median', { name: 'adam' }],
    ['projected-mean', { name: 'none' }, 'none', { method: 'hra', rank: 2 }],
  ])('recomputes all rounds of %s and server optimizer %o', async (...parts) => {
    const [rule, serverOptimizer, initialisation = 'weights', adapter = LORA] = parts
    const run = await archiveRun({
      spec: { adapter, aggregator: { rule }, serverOptimizer, initialisation: { name: initialisation } },
      hash: hashBytes,
    })
    const findings = await collect(verifyRun(run))
    expect(findings.map(({ type }) => type)).toEqual(['result', 'result', 'result', 'result', 'end'])
    const rounds = findings.flatMap((found) => (found.type === 'result' && found.stage !== null ? [found.check] : []))
    expect(rounds).toEqual(['recomputed', 'recomputed', 'recomputed'])
  })

  it.each([
    ['baseChange', 'fedex-lora', { name: 'none' }],
    ['server', 'factor-mean', { name: 'yogi' }],
  ] as const)('finds another %s', async (part, rule, serverOptimizer) => {
    const run = await archiveRun({ spec: { adapter: LORA, aggregator: { rule }, serverOptimizer }, hash: hashBytes })
    const hash = run.state[part]!
    const blob: typeof run.blob = async (asked) => (asked === hash ? Uint8Array.of(1) : run.blob(asked))
    const last = (await collect(verifyRun({ ...run, blob }))).at(-1)
    expect(last).toMatchObject({ type: 'difference', field: `blob ${hash}` })
  })
})
