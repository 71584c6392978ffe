/**
 * Which settings does the demo take? Trains LoRA-SB in one place on all bundled rows, through the same session, optimizer
 * and evaluation as a worker and a coordinator use, and prints accuracy on the first test rows against steps.
 *
 *     npx tsx benchmarks/demo-settings/central.ts --rate 0.005 --steps 1000 --every 300
 */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import {
  type AdapterLayout,
  adapterMethods,
  createLayout,
  type FactorSet,
  factorKey,
  flatten,
  frozenFactors,
  initialisations,
  measuredInFull,
} from '@tessera/adapters'
import { type Executor, openExecutor } from '@tessera/compiler'
import { createRandomStream, matrix } from '@tessera/math'
import { type BaseModel, loadBaseModel } from '@tessera/models'
import {
  type ClassificationSpec,
  classificationSet,
  createClassificationEvaluator,
  createTrainingSession,
  dataSpec,
  fullGradients,
  readExamples,
  type TokenizedExample,
  tokenizeExamples,
  trainRound,
  trainSpec,
} from '@tessera/trainer'
import { unwrap } from '@tessera/vocabulary'

const { values: flags } = parseArgs({
  options: {
    rate: { type: 'string', default: '0.005' },
    steps: { type: 'string', default: '1000' },
    every: { type: 'string', default: '200' },
    batch: { type: 'string', default: '16' },
    length: { type: 'string', default: '256' },
    rank: { type: 'string', default: '32' },
    start: { type: 'string', default: 'calibration' },
    variant: { type: 'string', default: 'gradient' },
    schedule: { type: 'string', default: 'cosine' },
    warmup: { type: 'string', default: '0' },
    rows: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '2' },
  },
})
const number = (name: Exclude<keyof typeof flags, 'start' | 'schedule' | 'variant'>): number => Number(flags[name])
const root = new URL('../../', import.meta.url)
const seconds = async <T>(work: () => Promise<T>): Promise<{ result: T; seconds: number }> => {
  const begin = performance.now()
  const result = await work()
  return { result, seconds: (performance.now() - begin) / 1000 }
}

interface Start {
  readonly layout: AdapterLayout
  readonly factors: FactorSet
}

/** LoRA-SB on every linear layer, from the gradient of the first 256 rows or from the base weights. */
async function startFactors(
  model: BaseModel,
  executor: Executor,
  examples: readonly TokenizedExample[],
): Promise<Start> {
  const sites = model.architecture.sites(model.config)
  const method = unwrap(adapterMethods.byName('lora-sb'))
  const settings = { rank: number('rank'), initialStep: 0 }
  const initialisation = unwrap(initialisations.byName(flags.start))
  const gradients =
    flags.start === 'calibration'
      ? await fullGradients({ executor, model, sites, examples: examples.slice(0, 256), batchSize: 16 })
      : null
  const factors: Record<string, Float32Array> = {}
  for (const [block, site] of sites.entries()) {
    const random = createRandomStream({ seed: 7, purpose: 'initialisation', round: 0, client: 0, block })
    const descent = gradients && Float64Array.from(gradients[site.name]!, (value) => -value)
    const spectrum = initialisation.spectrum({
      ...{ site, random, rank: settings.rank, config: { variant: flags.variant } as never },
      weight: model.parameters[`${site.name}.weight`]!.data,
      measured: descent && measuredInFull(matrix(site.outDim, site.inDim, descent), random),
    })
    for (const [name, values] of Object.entries(
      method.start({ site, spectrum, weight: null, random }, settings as never),
    )) {
      factors[factorKey(site.name, name)] = values
    }
  }
  return { layout: createLayout(method, settings, sites), factors }
}

async function main(): Promise<void> {
  const model = unwrap(await loadBaseModel((file) => readFile(new URL(`models/tiny-debian-llama/${file}`, root))))
  const { executor } = await openExecutor('onnx-cpu', { threads: number('threads') })
  const spec = dataSpec.parse({ format: 'classification', maxLength: number('length') }) as ClassificationSpec
  const read = async (name: string) =>
    unwrap(readExamples(await readFile(new URL(`datasets/debian-sections/${name}`, root), 'utf8'), spec))
  const examples = tokenizeExamples(await read('train.jsonl'), {
    tokenizer: model.tokenizer,
    maxLength: spec.maxLength,
  })
  const test = classificationSet((await read('test.jsonl')).slice(0, number('rows')), spec, model.tokenizer)
  const started = await seconds(() => startFactors(model, executor, examples))
  const { layout, factors } = started.result
  const frozen = frozenFactors(layout, factors)
  console.log(JSON.stringify(flags))
  console.log(
    `${executor.description}; ${examples.length} rows, ${layout.length} coordinates, start ${started.seconds.toFixed(1)} s`,
  )

  const session = createTrainingSession({ executor, model, layout, frozen })
  const evaluator = createClassificationEvaluator({ executor, model, layout, frozen, trie: test.trie })
  const rounds = Math.ceil(number('steps') / number('every'))
  const train = trainSpec.parse({
    localSteps: number('every'),
    batchSize: number('batch'),
    optimizer: { name: 'adamw', learningRate: number('rate') },
    schedule: { kind: flags.schedule, warmupSteps: number('warmup') },
  })
  let coordinates = flatten(layout, factors)
  for (let round = 1; round <= rounds; round++) {
    const place = { round, rounds, seed: number('seed'), client: 0 }
    const trained = await seconds(() => trainRound({ session, examples, coordinates, train, ...place }))
    const { update, metrics } = trained.result
    coordinates = coordinates.map((value, at) => value + update[at]!)
    const evaluated = await seconds(() => evaluator.evaluate({ examples: test.examples, coordinates }))
    console.log(
      [
        `${round * train.localSteps} steps`,
        `accuracy ${(100 * evaluated.result.accuracy).toFixed(2)} %`,
        `test loss ${evaluated.result.loss.toFixed(4)}`,
        `train loss ${metrics.trainLoss.toFixed(4)}`,
        `${((1000 * trained.seconds) / train.localSteps).toFixed(0)} ms a step`,
        `${(metrics.tokens / trained.seconds).toFixed(0)} tokens/s`,
        `evaluation ${evaluated.seconds.toFixed(1)} s`,
      ].join(', '),
    )
  }
  await executor.dispose()
}

await main()
