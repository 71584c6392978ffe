import { readFile } from 'node:fs/promises'
import { type Aggregator, aggregators } from '@tessera/aggregators'
import { type Executor, openExecutor } from '@tessera/compiler'
import { type BaseModel, loadBaseModel } from '@tessera/models'
import { createRunRecord, type RunSpec } from '@tessera/runs'
import { unwrap } from '@tessera/vocabulary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cast, createWorld, inOrder, runThrough } from './mortal-federation.ts'
import { trainedCast } from './trained-cast.ts'

const root = new URL('../../', import.meta.url)
const LABELS = ['games', 'perl', 'rust']
const CLIENTS = 7
/** Rows of an honest client; an attacker says that it has five times as many. */
const ROWS = 60
const CLAIMED = 5
const ROUNDS = 2
let executor: Executor
let model: BaseModel
/** Everyone who may take part; work that two runs have in common is trained once. */
let cast: Cast

beforeAll(async () => {
  model = unwrap(await loadBaseModel((file) => readFile(new URL(`models/tiny-debian-llama/${file}`, root))))
  executor = (await openExecutor('onnx-cpu', { threads: 2 })).executor
  const [train, test] = [await rowsOf('train'), (await rowsOf('test')).slice(0, 60)]
  const part = (at: number): string[] => train.slice(at * ROWS, (at + 1) * ROWS)
  const everyone = Array.from({ length: CLIENTS }, (_, at): [string, string[]][] => [
    [honest(at), part(at)],
    [attacker(at), Array.from({ length: CLAIMED }, () => part(at).map(flipped)).flat()],
  ]).flat()
  const choices = {
    data: { format: 'classification', maxLength: 40 },
    adapter: { method: 'train-b-only', rank: 8 },
    targets: ['down_proj'],
    initialisation: { name: 'none' },
    train: { localSteps: 10, batchSize: 8, optimizer: { name: 'adamw', learningRate: 0.03 } },
    rounds: { total: ROUNDS, cohort: { size: CLIENTS, quorum: CLIENTS } },
    evaluation: { file: 'test', rows: test.length, every: ROUNDS },
  }
  cast = trainedCast({ model, executor, rows: Object.fromEntries(everyone), test, choices })
})
afterAll(() => executor.dispose())

const honest = (at: number): string => `honest-${at}`
const attacker = (at: number): string => `attacker-${at}`

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

/** A run of seven clients, the last of whom flip their labels, from its start to its end. */
async function federate(aggregator: { readonly rule: string }, attackers: number) {
  const { record } = cast
  const names = Array.from({ length: CLIENTS }, (_, at) => (at < CLIENTS - attackers ? honest(at) : attacker(at)))
  const clients = Object.fromEntries(names.map((name) => [name, cast.clients[name]!]))
  const run = createRunRecord({ ...record, spec: { ...record.spec, aggregator } as RunSpec, model, files: [] })
  const world = createWorld({ ...cast, record: run, clients })
  await runThrough(
    world,
    inOrder(() => names),
  )
  const metrics = await world.metricsOf(run.runId)
  const last = (name: string): number =>
    metrics.find((metric) => metric.name === name && metric.round === ROUNDS)!.value
  const steps = (await world.store.versionsOf(run.runId)).map(({ updateNorm }) => updateNorm)
  return { loss: last('eval-loss'), accuracy: last('eval-accuracy'), longestStep: Math.max(...steps) }
}

type Outcome = Awaited<ReturnType<typeof federate>>

/** Of the weighted mean with so many attackers, each run once. */
const means = new Map<number, Promise<Outcome>>()
function meanWith(attackers: number): Promise<Outcome> {
  const known = means.get(attackers) ?? federate({ rule: 'weighted-mean' }, attackers)
  means.set(attackers, known)
  return known
}

/** Rules that promise something under attack, each reckoning with as many of seven as it can. */
const promising = (aggregators.plugins as readonly Aggregator[]).flatMap(({ name, config, robustness }) => {
  const largest = [3, 2, 1].find((attackers) => {
    const options = config.parse({ attackers })
    return robustness.tolerates(CLIENTS, options) >= attackers && robustness.minimumClients(options) <= CLIENTS
  })
  if (largest === undefined) return []
  const options = config.parse({ attackers: largest })
  const resists = robustness.breaks(CLIENTS, options) < CLIENTS
  return [{ rule: name, attackers: largest, options, resists }]
})
const resisting = promising.filter(({ resists }) => resists)
const bounding = promising.filter(({ resists }) => !resists)

describe('clients that flip their labels, and claim five times the rows that they have', () => {
  it('spoil the weighted mean, one of seven already', async () => {
    const clean = await meanWith(0)
    expect(clean.accuracy).toBeGreaterThan(0.9)
    expect((await meanWith(1)).loss).toBeGreaterThan(1.7 * clean.loss)
    expect((await meanWith(3)).loss).toBeGreaterThan(3 * clean.loss)
  })

  it('meet every rule that promises to resist them', () => {
    expect(Object.fromEntries(resisting.map(({ rule, attackers }) => [rule, attackers]))).toMatchObject({
      'bulyan': 1, // of 4 f + 3
      'coordinate-median': 3,
      'krum': 2, // of 2 f + 3
      'multi-krum': 2,
    })
  })

  it.each(resisting)('do not spoil $rule, $attackers of seven, which is its breakdown point', async (at) => {
    const [clean, spoilt] = [await meanWith(0), await meanWith(at.attackers)]
    const robust = await federate({ rule: at.rule, ...at.options }, at.attackers)
    expect(robust.loss).toBeLessThan(1.75 * clean.loss)
    expect(robust.loss).toBeLessThan(0.75 * spoilt.loss)
    expect(robust.accuracy).toBeGreaterThan(clean.accuracy - 0.05)
  })

  // A rule that nobody can move beyond its bound promises no more than that: within it, the attackers do as they like.
  it.each(bounding)('spoil $rule, $attackers of seven, and only within its bound', async ({ rule, attackers }) => {
    const aggregator = { rule, maxNorm: 4 }
    const [clean, spoilt] = [await federate(aggregator, 0), await federate(aggregator, attackers)]
    expect((await meanWith(attackers)).longestStep).toBeGreaterThan(1.5 * aggregator.maxNorm)
    expect(spoilt.longestStep).toBeLessThanOrEqual(aggregator.maxNorm * (1 + 1e-6))
    expect(spoilt.loss).toBeGreaterThan(1.5 * clean.loss)
  })
})
