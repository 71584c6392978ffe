import { readFile } from 'node:fs/promises'
import { adapterMethods, createLayout, factorKey, flatten, frozenFactors, initialisations } from '@tessera/adapters'
import { type Executor, openExecutor } from '@tessera/compiler'
import { createRandomStream } from '@tessera/math'
import { type BaseModel, loadBaseModel } from '@tessera/models'
import {
  createTrainingSession,
  dataSpec,
  type LocalRoundOptions,
  readExamples,
  tokenizeExamples,
  trainRound,
  trainSpec,
} from '@tessera/trainer'
import { unwrap } from '@tessera/vocabulary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = new URL('../../', import.meta.url)
const rank = 16
let executor: Executor
let options: LocalRoundOptions

beforeAll(async () => {
  const model = unwrap(await loadBaseModel((file) => readFile(new URL(`models/tiny-debian-llama/${file}`, root))))
  executor = (await openExecutor('onnx-cpu', { threads: 2 })).executor
  const spec = dataSpec.parse({ format: 'classification', maxLength: 128 })
  const jsonl = await readFile(new URL('datasets/debian-sections/train.jsonl', root), 'utf8')
  const rows = unwrap(readExamples(jsonl.split('\n').slice(0, 400).join('\n'), spec))
  const { layout, factors } = fromWeights(model)
  options = {
    session: createTrainingSession({ executor, model, layout, frozen: frozenFactors(layout, factors) }),
    examples: tokenizeExamples(rows, { tokenizer: model.tokenizer, maxLength: 128 }),
    coordinates: flatten(layout, factors),
    train: trainSpec.parse({ localSteps: 20, batchSize: 8, optimizer: { name: 'adamw', learningRate: 0.02 } }),
    seed: 11,
    client: 3,
    round: 1,
    rounds: 2,
  }
})
afterAll(() => executor.dispose())

/** LoRA-SB on every linear layer, its frozen factors from the base weights. */
function fromWeights({ architecture, config, parameters }: BaseModel) {
  const method = unwrap(adapterMethods.byName('lora-sb'))
  const initialisation = unwrap(initialisations.byName('weights'))
  const settings = { rank, initialStep: 0 }
  const layout = createLayout(method, settings, architecture.sites(config))
  const factors: Record<string, Float32Array> = {}
  for (const [block, { site }] of layout.sites.entries()) {
    const random = createRandomStream({ seed: 11, purpose: 'initialisation', round: 0, client: 0, block })
    const weight = parameters[`${site.name}.weight`]!.data
    const spectrum = initialisation.spectrum({ site, rank, random, config: {} as never, weight, measured: null })
    for (const [name, values] of Object.entries(method.start({ site, spectrum, weight, random }, settings as never))) {
      factors[factorKey(site.name, name)] = values
    }
  }
  return { layout, factors }
}

describe('a local round on the bundled model and data', () => {
  it('of 20 steps lowers the loss from what guessing costs, and gives the same bytes twice with two threads', async () => {
    const losses: number[] = []
    const { update, metrics } = await trainRound({ ...options, onProgress: ({ loss }) => losses.push(loss) })
    const mean = (some: readonly number[]) => some.reduce((sum, loss) => sum + loss, 0) / some.length
    expect(mean(losses.slice(-5))).toBeLessThan(0.5 * mean(losses.slice(0, 2)))
    expect(metrics.steps).toBe(20)
    const again = await trainRound(options)
    expect(new Uint8Array(again.update.buffer)).toEqual(new Uint8Array(update.buffer))
    expect(again.metrics).toEqual(metrics)
  })
})
