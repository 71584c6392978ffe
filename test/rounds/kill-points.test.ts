import { readFile } from 'node:fs/promises'
import { type Executor, openExecutor } from '@tessera/compiler'
import { type BaseModel, loadBaseModel } from '@tessera/models'
import { unwrap } from '@tessera/vocabulary'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { historyOf, killEverywhere } from './kill-everywhere.ts'
import { buffer, rounds, SETTINGS, turning } from './kill-settings.ts'
import { createWorld, inOrder, type Plan, runThrough } from './mortal-federation.ts'
import { type Chronicle, chronicleOf } from './run-chronicle.ts'
import { smallCast } from './small-cast.ts'
import { type Weather, weather } from './storm.ts'
import { trainedCast } from './trained-cast.ts'

describe.each(SETTINGS)('a run %s', (_, setting, plan) => {
  it('ends with the same log of results and the same bytes wherever its coordinator dies', async () => {
    expect(await killEverywhere(smallCast(setting), plan)).toBeGreaterThan(100)
  })

  it('does so too when its coordinator dies again while it recovers', async () => {
    await killEverywhere(smallCast(setting), plan, { again: (point) => [1 + (point % 25), 1 + (point % 7)] })
  })
})

it('ends the coordinator before and after every write and after every effect', async () => {
  const world = createWorld(smallCast({ initialisation: 'federated-sketch' }))
  const points = await runThrough(world, turning)
  const count = (part: string) => points.filter((point) => point.includes(part)).length
  const [{ state }] = await world.store.loadRuns()
  expect([count('before event'), count('after event'), count('told of event')]).toEqual(Array(3).fill(state.seq))
  expect(count('is sent')).toBe(6 * 3) // two passes and four rounds of three clients
  expect([count('before the evaluation'), count('after the evaluation')]).toEqual([5, 5])
  expect(count('an alarm is set')).toBeGreaterThanOrEqual(6)
})

/** The facts of a chronicle whatever their order was, for where the order makes no difference. */
const inAnyOrder = ({ facts, ...rest }: Chronicle) => ({
  ...rest,
  facts: facts.map((fact) => JSON.stringify(fact)).sort(),
})

/** The order in which each round took its updates. */
function orderOf({ facts }: Chronicle): Plan {
  const orders: string[][] = [[]]
  for (const fact of facts) {
    if (fact.type === 'update-received') orders.at(-1)!.push(fact.clientId)
    if (fact.type === 'committed') orders.push([])
  }
  return inOrder((index) => orders[index - 1]!)
}

const weathers = fc.record<Weather>({ seed: fc.nat(2 ** 31), deaths: fc.nat(5), losses: fc.boolean() })

describe('updates that come in any order, late, twice, without waiting for answers, and kills at random', () => {
  it('make no difference to a run of rounds', async () => {
    const cast = smallCast({ initialisation: 'federated-sketch' })
    const calm = inAnyOrder((await historyOf(cast, turning)).chronicle)
    await fc.assert(
      fc.asyncProperty(weathers, async (each) => {
        const world = createWorld(cast)
        await weather(world, each)
        expect(inAnyOrder(await chronicleOf(world))).toEqual(calm)
        expect(world.refusals).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  it('make a run of buffers that is the undisturbed run of the order in which they were taken', async () => {
    const cast = smallCast({ rounds: rounds(buffer(3)) })
    await fc.assert(
      fc.asyncProperty(weathers, async (each) => {
        const world = createWorld(cast)
        await weather(world, each)
        const chronicle = await chronicleOf(world)
        expect((await historyOf(cast, orderOf(chronicle))).chronicle).toEqual(chronicle)
        // what is still at work when the last buffer is full comes too late
        expect(world.refusals.filter((refusal) => !/train-\d\.[abc]: round-over$/.test(refusal))).toEqual([])
      }),
      { numRuns: 200 },
    )
  })
})

describe('clients who really train', () => {
  const root = new URL('../../', import.meta.url)
  let executor: Executor
  let model: BaseModel
  const linesOf = async (file: string) =>
    (await readFile(new URL(`datasets/debian-sections/${file}.jsonl`, root), 'utf8')).split('\n')

  beforeAll(async () => {
    model = unwrap(await loadBaseModel((file) => readFile(new URL(`models/tiny-debian-llama/${file}`, root))))
    executor = (await openExecutor('onnx-cpu', { threads: 2 })).executor
  })
  afterAll(() => executor.dispose())

  const castWith = async (choices: Readonly<Record<string, unknown>>) => {
    const lines = await linesOf('train')
    const rows = { a: lines.slice(0, 10), b: lines.slice(10, 25), c: lines.slice(25, 32) }
    return trainedCast({ model, executor, rows, test: (await linesOf('test')).slice(0, 12), choices })
  }

  it('end with the same adapter wherever the coordinator dies', async () => {
    expect(await killEverywhere(await castWith({}), turning)).toBeGreaterThan(100)
  })

  it('do so while ranks are dropped, from what the rank policy and the server optimizer remember', async () => {
    const cast = await castWith({
      adapter: { method: 'adalora', rank: 4 },
      initialisation: { name: 'none' },
      rankPolicy: { name: 'adalora', targetRank: 1, warmupRounds: 0 },
      rounds: { total: 3, cohort: { size: 3, quorum: 2 } },
      aggregator: { rule: 'factor-mean' },
      serverOptimizer: { name: 'momentum' },
    })
    expect(await killEverywhere(cast, turning)).toBeGreaterThan(50)
  })
})
