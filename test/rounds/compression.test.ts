import { codecs } from '@tessera/codecs'
import { type Executor, openExecutor } from '@tessera/compiler'
import { trainLayout } from '@tessera/federation'
import { parseRunSpec, type SentUpdate, simulate } from '@tessera/runs'
import { unwrap } from '@tessera/vocabulary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomLlama } from '../../packages/trainer/src/random-llama.ts'
import { STILL_WORLD } from './still-world.ts'
import { TWO_PLACES } from './two-places.ts'

const model = randomLlama(3)
let executor: Executor

beforeAll(async () => {
  executor = (await openExecutor('onnx-cpu', { threads: 1 })).executor
})
afterAll(() => executor.dispose())

async function federate(choices: object, largestRanks: Record<string, number> = {}) {
  const spec = unwrap(
    parseRunSpec({
      seed: 5,
      data: { format: 'classification', maxLength: 32, template: '{text}: {label}' },
      adapter: { method: 'lora-sb', rank: 2 },
      targets: ['q_proj', 'down_proj'],
      initialisation: { name: 'weights' },
      train: { localSteps: 3, batchSize: 4, optimizer: { name: 'adamw', learningRate: 0.05 } },
      rounds: { total: 3, cohort: { size: 2, quorum: 2 } },
      ...choices,
    }),
  )
  const sent: SentUpdate[] = []
  const result = await simulate({
    ...{ spec, model, executor, largestRanks, clients: TWO_PLACES },
    ...STILL_WORLD,
    onUpdate: (update) => sent.push(update),
  })
  expect([result.state.phase, result.coordinates.every(Number.isFinite)]).toEqual(['finished', true])
  return { ...result, sent }
}

const TERNARY = { codec: 'ternary', density: 0.1 }
const unfed = (codec: object) => ({ ...codec, errorFeedback: false })

describe('a run whose updates are compressed', () => {
  it('gives the same bytes twice, and others where nothing is fed back; every update is told with its size', async () => {
    const [one, other] = [await federate({ codec: TERNARY }), await federate({ codec: TERNARY })]
    expect(other.coordinatesHash).toBe(one.coordinatesHash)
    const alone = await federate({ codec: unfed(TERNARY) })
    expect(alone.coordinatesHash).not.toBe(one.coordinatesHash)
    const places = one.sent.map(({ kind, round, clientId }) => `${kind} ${round} ${clientId}`)
    expect(places.sort()).toEqual([1, 2, 3].flatMap((round) => [`train ${round} north`, `train ${round} south`]))
    const plain = 4 * trainLayout(one.record).length
    for (const { bytes } of one.sent) expect(bytes).toBeLessThan(plain / 5)
  })

  it.each([
    ['LISA, where layers rest', { adapter: { method: 'lisa', layers: 1 }, initialisation: { name: 'none' } }],
    ['LaMDA, where factors rest', { adapter: { method: 'lamda', rank: 2 } }],
    ['a robust rule', { aggregator: { rule: 'coordinate-median' } }],
    ['a server optimizer', { serverOptimizer: { name: 'momentum' } }],
    ['a buffer', { rounds: { total: 3, cohort: { size: 2, quorum: 1 }, mode: { kind: 'buffered', bufferSize: 1 } } }],
    ['a rule that says where the factors are', { adapter: { method: 'lora', rank: 2 }, aggregator: { rule: 'flora' } }],
  ])('goes with %s', async (_name, choices) => {
    for (const codec of [TERNARY, { codec: 'top-k' }, { codec: 'sign', block: 8 }])
      await federate({ ...choices, codec })
  })

  it.each(codecs.names)('has room in its sums for all that %s may make of an update', async (codec) => {
    const { sent } = await federate({ codec: { codec } })
    expect(sent).toHaveLength(6)
  })

  it('goes with clients of a smaller rank', async () => {
    const { sent } = await federate({ adapter: { method: 'lora-xs', rank: 4 }, codec: TERNARY }, { north: 2 })
    expect(sent).toHaveLength(6)
  })
})

describe('a run whose steps are compressed on their way down', () => {
  it('counts what everyone can read as the step itself, and keeps the rest for the next', async () => {
    const [plain, coded] = [await federate({}), await federate({ downlink: { codec: 'top-k', density: 0.25 } })]
    expect([plain.state.step, plain.state.unsent]).toEqual([undefined, undefined])
    expect(coded.state.step).toEqual({
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      from: expect.stringMatching(/^[0-9a-f]{64}$/),
      round: 3,
    })
    expect(coded.state.unsent).toMatch(/^[0-9a-f]{64}$/)
    expect(coded.coordinatesHash).not.toBe(plain.coordinatesHash)
    const again = await federate({ downlink: { codec: 'top-k', density: 0.25 } })
    expect(again.coordinatesHash).toBe(coded.coordinatesHash)
  })
})
