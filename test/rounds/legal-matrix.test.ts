import { type AdapterMethod, adapterMethods, takesSpectrum } from '@tessera/adapters'
import { type Aggregator, aggregators, isExactFor, serverOptimizers } from '@tessera/aggregators'
import { type Executor, openExecutor } from '@tessera/compiler'
import { methodTraits, type StoredMetric } from '@tessera/federation'
import { createRunRecord, parseRunSpec, type RunSpec, simulate } from '@tessera/runs'
import { type FedError, runId, unwrap } from '@tessera/vocabulary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomLlama } from '../../packages/trainer/src/random-llama.ts'
import { STILL_WORLD } from './still-world.ts'

const model = randomLlama(3)
let executor: Executor

beforeAll(async () => {
  executor = (await openExecutor('onnx-cpu', { threads: 1 })).executor
})
afterAll(() => executor.dispose())

const rows = (count: number): string =>
  Array.from({ length: count }, (_, at) => JSON.stringify({ text: 'klm'.slice(at % 3), label: 'ax'[at % 2] })).join(
    '\n',
  )
/** Three clients are enough for every rule that reckons with no attackers. */
const CLIENTS = { north: rows(6), south: rows(4), west: rows(8) }

/** A run of one round; a method of rank 2 where it has ranks, and no attackers where the rule asks for their number. */
function specOf(method: AdapterMethod, rule: Aggregator, serverOptimizer = 'none'): RunSpec {
  return unwrap(
    parseRunSpec({
      seed: 5,
      data: { format: 'classification', maxLength: 32, template: '{text}: {label}' },
      adapter: { method: method.name, ...('rank' in method.config.shape && { rank: 2 }) },
      targets: ['q_proj', 'down_proj'],
      ...(takesSpectrum(method) && { initialisation: { name: 'weights' } }),
      aggregator: { rule: rule.name, ...('attackers' in rule.config.shape && { attackers: 0 }) },
      serverOptimizer: { name: serverOptimizer },
      train: { localSteps: 2, batchSize: 4, optimizer: { name: 'adamw', learningRate: 0.05 } },
      rounds: { total: 1, cohort: { size: 3, quorum: 3 } },
    }),
  )
}

/** Why the run is refused before any client is asked; null when it is not. */
function refusal(spec: RunSpec): FedError | null {
  try {
    createRunRecord({ runId: runId('run'), spec, model, files: [], createdAt: 0 })
    return null
  } catch (error) {
    return error as FedError
  }
}

async function run(spec: RunSpec) {
  const metrics: StoredMetric[] = []
  const { state, record, coordinates } = await simulate({
    spec,
    model,
    executor,
    clients: CLIENTS,
    ...STILL_WORLD,
    onMetrics: (measured) => metrics.push(...measured),
  })
  expect([state.phase, state.round]).toEqual(['finished', 1])
  expect(coordinates.every(Number.isFinite)).toBe(true)
  const gaps = metrics.flatMap(({ name, value }) => (name === 'aggregation-gap' ? [value] : []))
  return { record, gaps }
}

/** It is said why, and what goes with the method instead, which it does. */
function expectHelp({ code, message, fix = '' }: FedError, method: AdapterMethod): void {
  expect(code).toBe('invalid-config')
  expect(message).toContain(method.name)
  const named = aggregators.plugins.filter(({ name }) => fix.split(/[ ,;.]+/).includes(name))
  expect(named.length).toBeGreaterThan(0)
  for (const rule of named) expect(refusal(specOf(method, rule))).toBeNull()
}

describe.each(adapterMethods.plugins)('$name', (method) => {
  it.each(aggregators.plugins)('with $name runs a round, or is refused with a reason', async (rule) => {
    const spec = specOf(method, rule)
    const refused = refusal(spec)
    if (refused !== null) return expectHelp(refused, method)
    const { record, gaps } = await run(spec)
    expect(gaps).toHaveLength(1)
    if (isExactFor(rule, methodTraits(record))) expect(gaps).toEqual([0])
    else expect(gaps[0]).toBeGreaterThan(0)
  })
})

describe('LoRA', () => {
  const lora = unwrap(adapterMethods.byName('lora'))

  it('goes with all rules but the weighted mean and that of directions', () => {
    const refused = aggregators.plugins.filter((rule) => refusal(specOf(lora, rule)) !== null)
    expect(refused.map(({ name }) => name)).toEqual(['projected-mean', 'weighted-mean'])
  })

  it.each(serverOptimizers.names)(
    'runs a round with server optimizer %s, where the rule leaves it the last word',
    async (name) => {
      for (const rule of aggregators.plugins.filter((own) => refusal(specOf(lora, own)) === null)) {
        const spec = specOf(lora, rule, name)
        const refused = refusal(spec)
        expect(refused === null, rule.name).toBe(rule.profile.gives === 'step' || name === 'none')
        if (refused === null) await run(spec)
        else expect(refused.message).toContain(name)
      }
    },
  )
})
