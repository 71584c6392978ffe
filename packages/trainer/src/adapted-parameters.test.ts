import { adapterMethods, createLayout, unflatten } from '@tessera/adapters'
import { type Executor, openExecutor } from '@tessera/compiler'
import { createRandomStream } from '@tessera/math'
import { type BaseModel, otherWeights } from '@tessera/models'
import { unwrap } from '@tessera/vocabulary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeBatch } from './make-batch.ts'
import { randomExamples } from './random-examples.ts'
import { randomLlama } from './random-llama.ts'
import { tokenizeExamples } from './tokenize-examples.ts'
import { createTrainingSession } from './training-session.ts'

const model = randomLlama(3)
const sites = [...model.architecture.sites(model.config), ...otherWeights(model)]
const layout = createLayout(unwrap(adapterMethods.byName('full')), {}, sites)
const random = createRandomStream({ seed: 6, purpose: 'test', round: 0, client: 0, block: 0 })
const changes = Float32Array.from({ length: layout.length }, () => random.bell() / 8)
const examples = tokenizeExamples(randomExamples(5, 1), { tokenizer: model.tokenizer, maxLength: 32 })
const batch = makeBatch(examples, 5, 1)

/** The base model with D added to every parameter. */
function changedModel(): BaseModel {
  const changed = Object.entries(unflatten(layout, changes)).map(([key, D]) => {
    const name = key.replace(/\.D$/, '.weight')
    const { shape, data } = model.parameters[name]!
    return [name, { shape, data: data.map((value, at) => value + D[at]!) }]
  })
  return { ...model, parameters: Object.fromEntries(changed) }
}

let executor: Executor
beforeAll(async () => {
  executor = (await openExecutor('onnx-cpu', { threads: 1 })).executor
})
afterAll(() => executor.dispose())

describe('full parameters of embedding, norms and linear layers', () => {
  it('are all that the checkpoint has', () => {
    const lengths = Object.values(model.parameters).map(({ data }) => data.length)
    expect(layout.length).toBe(lengths.reduce((sum, length) => sum + length, 0))
    expect(otherWeights(model).map(({ name, outDim, inDim }) => [name, outDim, inDim])).toEqual([
      ['model.embed_tokens', 31, 16],
      ['model.layers.0.input_layernorm', 1, 16],
      ['model.layers.0.post_attention_layernorm', 1, 16],
      ['model.layers.1.input_layernorm', 1, 16],
      ['model.layers.1.post_attention_layernorm', 1, 16],
      ['model.norm', 1, 16],
    ])
  })

  it('give the loss and the gradients of a model whose weights are W + D', async () => {
    const here = createTrainingSession({ executor, model, layout, frozen: {} })
    const there = createTrainingSession({ executor, model: changedModel(), layout, frozen: {} })
    const [adapted, changed] = [
      await here.lossAndGradient(batch, changes),
      await there.lossAndGradient(batch, new Float32Array(layout.length)),
    ]
    expect(adapted.loss).toBeCloseTo(changed.loss, 5)
    const largest = Math.max(...changed.gradient.map(Math.abs))
    for (const [at, value] of adapted.gradient.entries()) {
      expect(Math.abs(value - changed.gradient[at]!)).toBeLessThan(1e-5 * largest)
    }
  })

  it('have gradients that are the slopes of the loss, also through a head that is the embedding', async () => {
    const session = createTrainingSession({ executor, model, layout, frozen: {} })
    const { gradient } = await session.lossAndGradient(batch, changes)
    const step = 1e-3
    for (const { site, offset, length } of layout.segments) {
      const direction = (at: number) => (at >= offset && at < offset + length ? (at % 2 === 0 ? 1 : -0.5) : 0)
      const shifted = (by: number) => changes.map((value, at) => value + by * direction(at))
      const difference = (await session.loss(batch, shifted(step))) - (await session.loss(batch, shifted(-step)))
      const slope = gradient.reduce((sum, value, at) => sum + value * direction(at), 0)
      expect(Math.abs(difference / (2 * step) - slope), site).toBeLessThan(5e-3 * Math.max(1, Math.abs(slope)))
    }
  })
})
