import * as tf from '@tensorflow/tfjs'
import {
  type AdapterMethod,
  adapterMethods,
  createLayout,
  derivedFactors,
  type FactorSet,
  type Float64Tensor,
  factorKey,
  flatten,
  float64Ops,
  float64Tensor,
  frozenFactors,
  unflatten,
} from '@tessera/adapters'
import { type Arrays, type Executor, openExecutor, type StepProgram } from '@tessera/compiler'
import type { BaseModel } from '@tessera/models'
import { exactSpectrum, randomMatrix, testRandom } from '@tessera/testing'
import { trainingProgram } from '@tessera/trainer'
import { unwrap } from '@tessera/vocabulary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mergedLinear } from '../../packages/trainer/src/adapted-linear.ts'
import {
  type AdaptedModel,
  factorTensors,
  modelConstants,
  trainedArrays,
  trainedSignature,
} from '../../packages/trainer/src/adapted-model.ts'

/** Two linear layers one after the other, no more: 3 tokens of width 6 → 8 → 4, and 6 words to choose from. */
const SITES = [
  { name: 'up', outDim: 8, inDim: 6 },
  { name: 'down', outDim: 4, inDim: 8 },
]
const WORDS = 6
const TOKENS = [2, 0, 5]
const TARGETS = [1, 3, 4]
const WEIGHTS = [0.5, 0.25, 0.25]

const uniform = (length: number, seed: number): Float32Array => {
  const values = new Float32Array(length)
  testRandom(seed).fillUniform(values, 1)
  return values
}
const parameters: BaseModel['parameters'] = {
  embed: { shape: [WORDS, 6], data: uniform(WORDS * 6, 1) },
  up: { shape: [8, 6], data: uniform(48, 2) },
  down: { shape: [4, 8], data: uniform(32, 3) },
  head: { shape: [WORDS, 4], data: uniform(WORDS * 4, 4) },
}
const network: BaseModel['architecture']['network'] = {
  rotaryTables: (_, positions) => ({
    cos: new Float32Array(positions.length),
    sin: new Float32Array(positions.length),
  }),
  forward: (_, { parameters: own, linear, tokens }) => {
    const x = tf.gather(own.embed as tf.Tensor2D, tf.reshape(tokens, [-1]).toInt()) as tf.Tensor2D
    const hidden = linear('down', linear('up', x, own.up as tf.Tensor2D), own.down as tf.Tensor2D)
    return tf.reshape(hidden, [1, TOKENS.length, 4])
  },
  head: (_, own, hidden) => tf.matMul(hidden, own.head as tf.Tensor2D, false, true),
  headWeight: (_, own) => own.head as tf.Tensor2D,
}
const model = {
  architecture: { network, sites: () => SITES },
  config: { vocab_size: WORDS, hidden_size: 4, max_position_embeddings: 16 },
  parameters,
} as unknown as BaseModel

function adapterOf(method: AdapterMethod): AdaptedModel & { readonly coordinates: Float32Array } {
  const options = method.config.parse({ rank: 2, alpha: 2 })
  const layout = createLayout(method, options, SITES)
  const weightOf = ({ name }: { name: string }) => parameters[name]!.data
  const entries = SITES.flatMap((site) => {
    const spectrum = exactSpectrum(randomMatrix(site.outDim, site.inDim, testRandom(site.inDim)), 2)
    const context = { site, spectrum, weight: weightOf(site), random: testRandom(1) }
    return Object.entries(method.start(context, options as never)).map(
      ([name, values]) => [factorKey(site.name, name), values] as const,
    )
  })
  const factors: FactorSet = { ...derivedFactors(layout, { seed: 3, weightOf }), ...Object.fromEntries(entries) }
  const coordinates = flatten(layout, factors).map((value, at) => value + uniform(layout.length, 9)[at]!)
  return { model, layout, frozen: frozenFactors(layout, factors), coordinates }
}

type Adapter = ReturnType<typeof adapterOf>

const tensorOf = (name: string): Float64Tensor => float64Tensor(parameters[name]!.shape, parameters[name]!.data)

/** What each site's adapter makes of rows x, in float64. */
function layerByHand({ layout, frozen }: Adapter, coordinates: Float64Array, name: string, x: Float64Tensor) {
  const { site, adapter } = layout.sites.find(({ site }) => site.name === name)!
  const all: Readonly<Record<string, ArrayLike<number>>> = { ...frozen, ...unflatten(layout, coordinates as never) }
  const factors = adapter.factors.map(
    (factor) =>
      [factor.name, float64Tensor([factor.rows, factor.cols], all[factorKey(site.name, factor.name)]!)] as const,
  )
  return adapter.forward(float64Ops, { x, weight: tensorOf(name), factors: Object.fromEntries(factors) })
}

/** The loss in float64: Σ weights · −log softmax(head · down(up(x)))[target]. */
function lossByHand(adapter: Adapter, coordinates: Float64Array): number {
  const embedded = TOKENS.map((token) => float64Ops.slice(tensorOf('embed'), [token, 0], [1, 6]))
  const up = layerByHand(adapter, coordinates, 'up', float64Ops.concat(embedded, 0))
  const hidden = layerByHand(adapter, coordinates, 'down', up)
  const logits = float64Ops.matMul(hidden, tensorOf('head'), { transposeB: true }).data
  return TOKENS.reduce((loss, _, at) => {
    const row = logits.subarray(at * WORDS, (at + 1) * WORDS)
    const normaliser = Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0))
    return loss + WEIGHTS[at]! * (normaliser - row[TARGETS[at]!]!)
  }, 0)
}

const batch: Arrays = {
  tokens: Int32Array.from(TOKENS),
  predictors: Int32Array.of(0, 1, 2),
  targets: Int32Array.from(TARGETS),
  weights: Float32Array.from(WEIGHTS),
}
const trainingOf = (adapter: Adapter): StepProgram =>
  trainingProgram(adapter, { rows: 1, length: TOKENS.length, targets: TARGETS.length })

let executor: Executor

beforeAll(async () => {
  executor = (await openExecutor('onnx-cpu', { threads: 1 })).executor
})
afterAll(() => executor.dispose())

async function run(program: StepProgram, inputs: Arrays): Promise<Arrays> {
  const step = await executor.prepare(program)
  const outputs = await step.run(inputs)
  await step.dispose()
  return outputs
}

describe.each(adapterMethods.names)('a compiled step with %s', (name) => {
  const adapter = adapterOf(unwrap(adapterMethods.byName(name)))
  const { layout, coordinates } = adapter
  const trained = trainedArrays(layout, coordinates)

  it('differentiates the trained factors and nothing else', async () => {
    const program = trainingOf(adapter)
    const outputs = await run(program, { ...batch, ...trained })
    const keys = layout.segments.map(({ site, factor }) => factorKey(site, factor))
    expect(Object.keys(outputs).sort()).toEqual(['loss', ...keys.map((key) => `gradient/${key}`)].sort())
    const frozen = Object.keys(adapter.frozen).map((key) => `adapter/${key}`)
    expect(Object.keys(program.constants)).toEqual(expect.arrayContaining([...frozen, ...Object.keys(parameters)]))
    for (const key of frozen) expect(program.inputs).not.toHaveProperty([key])
  })

  it('has the loss of float64 and its numeric gradient', async () => {
    const outputs = await run(trainingOf(adapter), { ...batch, ...trained })
    const at = Float64Array.from(coordinates)
    expect(outputs.loss![0]).toBeCloseTo(lossByHand(adapter, at), 4)
    const gradient = layout.segments.flatMap(({ site, factor }) => [...outputs[`gradient/${site}.${factor}`]!])
    const numeric = gradient.map((_, i) => {
      const moved = (by: number) => lossByHand(adapter, at.with(i, at[i]! + by))
      return (moved(1e-5) - moved(-1e-5)) / 2e-5
    })
    expect(gradient.length).toBe(layout.length)
    const largest = Math.max(...numeric.map(Math.abs))
    expect(largest).toBeGreaterThan(1e-2)
    expect(Math.max(...gradient.map((value, i) => Math.abs(value - numeric[i]!)))).toBeLessThan(1e-4 * largest)
  })

  it('evaluates the same layers merged', async () => {
    const x = uniform(3 * 6, 5)
    const program: StepProgram = {
      inputs: { x: { shape: [3, 6], dtype: 'float32' }, ...trainedSignature(layout) },
      constants: modelConstants(adapter),
      step: (tensors) => {
        const linear = mergedLinear(layout, factorTensors(layout, tensors))
        return { y: linear('up', tensors.x as tf.Tensor2D, tensors.up as tf.Tensor2D) }
      },
    }
    const { y } = await run(program, { x, ...trained })
    const expected = layerByHand(adapter, Float64Array.from(coordinates), 'up', float64Tensor([3, 6], x)).data
    const largest = Math.max(...expected.map(Math.abs))
    expect(Math.max(...expected.map((value, i) => Math.abs(value - y![i]!)))).toBeLessThan(1e-5 * largest)
  })
})
