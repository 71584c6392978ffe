import { type Executor, openExecutor } from '@tessera/compiler'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeBatch } from './make-batch.ts'
import { randomExamples } from './random-examples.ts'
import { randomAdapter, randomLlama } from './random-llama.ts'
import { tokenizeExamples } from './tokenize-examples.ts'
import { createTrainingSession, type TrainingSession } from './training-session.ts'

const model = randomLlama(3)
const { layout, frozen, coordinates } = randomAdapter(model, 4)
const examples = tokenizeExamples(randomExamples(5, 1), { tokenizer: model.tokenizer, maxLength: 32 })
const batch = makeBatch(examples, 5, 1)
let executor: Executor
let session: TrainingSession

beforeAll(async () => {
  executor = (await openExecutor('onnx-cpu', { threads: 1 })).executor
  session = createTrainingSession({ executor, model, layout, frozen })
})
afterAll(() => executor.dispose())

describe('a training session', () => {
  it('gives the derivative of its own loss in random directions', async () => {
    const { loss, gradient } = await session.lossAndGradient(batch, coordinates)
    expect(await session.loss(batch, coordinates)).toBeCloseTo(loss, 6)
    for (const period of [1, 2, 5]) {
      const direction = coordinates.map((_, at) => (at % period === 0 ? 1 : -0.5))
      const shifted = (step: number) => coordinates.map((value, at) => value + step * direction[at]!)
      const step = 2e-3
      const difference = (await session.loss(batch, shifted(step))) - (await session.loss(batch, shifted(-step)))
      const slope = gradient.reduce((sum, value, at) => sum + value * direction[at]!, 0)
      expect(Math.abs(difference / (2 * step) - slope)).toBeLessThan(2e-3 * Math.max(1, Math.abs(slope)))
    }
  })

  it('gives a batch the mean over its completion tokens: padding and row order change nothing', async () => {
    const each = await Promise.all(examples.map((example) => session.loss(makeBatch([example], 1, 1), coordinates)))
    const tokens = examples.map(({ tokens, completionStart }) => tokens.length - completionStart)
    const mean = each.reduce((sum, loss, at) => sum + loss * tokens[at]!, 0) / tokens.reduce((sum, n) => sum + n, 0)
    expect(await session.loss(batch, coordinates)).toBeCloseTo(mean, 5)
    expect(await session.loss(makeBatch(examples.toReversed(), 8, 1), coordinates)).toBeCloseTo(mean, 5)
  })

  it('refuses coordinates of another length, and longer sequences than the model has positions', async () => {
    await expect(session.loss(batch, coordinates.subarray(1))).rejects.toThrow('coordinates: expected length')
    const long = { tokens: new Int32Array(80), completionStart: 70, label: null }
    await expect(session.loss(makeBatch([long], 1, 1), coordinates)).rejects.toMatchObject({
      code: 'invalid-config',
      fix: 'Choose maxLength <= 64.',
    })
  })

  it('names a frozen factor that is missing', async () => {
    const bare = createTrainingSession({ executor, model, layout, frozen: {} })
    await expect(bare.loss(batch, coordinates)).rejects.toThrow('model.layers.0.self_attn.q_proj.B: expected length')
  })

  it('says the same when the step is not compiled but run by tfjs, kernel by kernel', async () => {
    const eager = (await openExecutor('tfjs-cpu', {})).executor
    const direct = createTrainingSession({ executor: eager, model, layout, frozen })
    const [compiled, plain] = [
      await session.lossAndGradient(batch, coordinates),
      await direct.lossAndGradient(batch, coordinates),
    ]
    expect(plain.loss).toBeCloseTo(compiled.loss, 5)
    const largest = Math.max(...compiled.gradient.map(Math.abs))
    for (const [at, value] of plain.gradient.entries()) {
      expect(Math.abs(value - compiled.gradient[at]!)).toBeLessThan(1e-5 * largest)
    }
    await eager.dispose()
  })
})
