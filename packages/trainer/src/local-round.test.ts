import { leadingBlock } from '@tessera/adapters'
import { type Executor, openExecutor } from '@tessera/compiler'
import { beside, type Matrix, matrix, svd } from '@tessera/math'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { trainRound } from './local-round.ts'
import { optimizerPlace } from './optimizer-place.ts'
import { randomExamples } from './random-examples.ts'
import { randomAdapter, randomLlama } from './random-llama.ts'
import { tokenizeExamples } from './tokenize-examples.ts'
import { largestUpdate, trainSpec } from './train-spec.ts'
import { createTrainingSession, type TrainingSession } from './training-session.ts'

const model = randomLlama(3)
const { layout, frozen, coordinates } = randomAdapter(model, 4)
const examples = tokenizeExamples(randomExamples(40, 1), { tokenizer: model.tokenizer, maxLength: 32 })
const train = trainSpec.parse({ localSteps: 10, batchSize: 8, optimizer: { name: 'adamw', learningRate: 0.05 } })
let executor: Executor
let session: TrainingSession

beforeAll(async () => {
  executor = (await openExecutor('onnx-cpu', { threads: 1 })).executor
  session = createTrainingSession({ executor, model, layout, frozen })
})
afterAll(() => executor.dispose())

const options = () => ({ session, examples, coordinates, train, seed: 7, client: 1, round: 1, rounds: 3 })

describe('a local round', () => {
  it('lowers the loss and leaves the received coordinates alone', async () => {
    const received = coordinates.slice()
    const losses: number[] = []
    const { update, metrics } = await trainRound({ ...options(), onProgress: ({ loss }) => losses.push(loss) })
    expect(coordinates).toEqual(received)
    expect(update.length).toBe(layout.length)
    expect(metrics.lastLoss).toBeLessThan(0.6 * losses[0]!)
    expect(metrics.trainLoss).toBeCloseTo(losses.reduce((sum, loss) => sum + loss, 0) / 10, 10)
    expect(metrics).toMatchObject({ steps: 10, lastLoss: losses[9] })
    expect(metrics.completionTokens).toBeGreaterThan(10 * 8 * 2)
  })

  it('repeats to the byte, and another seed, client or round gives other bytes', async () => {
    const { update } = await trainRound(options())
    expect((await trainRound(options())).update).toEqual(update)
    for (const change of [{ seed: 8 }, { client: 2 }, { round: 2 }]) {
      expect((await trainRound({ ...options(), ...change })).update).not.toEqual(update)
    }
  })

  it('stays within the largest update', async () => {
    const { update } = await trainRound(options())
    const largestCoordinate = Math.max(...coordinates.map(Math.abs))
    const { matrices } = optimizerPlace(session.layout, { seed: 7, round: 1 })
    const limit = largestUpdate(train, { round: 1, rounds: 3 }, { largestCoordinate, matrices })
    const largest = Math.max(...update.map(Math.abs))
    expect(largest).toBeLessThanOrEqual(limit)
    expect(largest).toBeGreaterThan(limit / 20)
  })

  it.each([
    { name: 'adamw', weightDecay: 0.1 },
    { name: 'normuon', weightDecay: 0.1 },
    { name: 'galore', rank: 2 },
  ])('to the largest rank 3 of 4 moves all of the leading blocks and nothing else: $name', async (optimizer) => {
    const confined = { ...options(), train: trainSpec.parse({ localSteps: 2, batchSize: 8, optimizer }) }
    const shifted = coordinates.map((value) => value + 0.01)
    const { update } = await trainRound({ ...confined, coordinates: shifted, largestRank: 3 })
    const moved = leadingBlock(layout, new Float32Array(layout.length).fill(1), 3)
    expect(update.map((value) => Math.abs(Math.sign(value)))).toEqual(moved)
    const whole = await trainRound({ ...confined, coordinates: shifted })
    expect((await trainRound({ ...confined, coordinates: shifted, largestRank: 4 })).update).toEqual(whole.update)
  })

  it('keeps the updates of all clients of a round in one subspace with galore, and in another one in the next round', async () => {
    const optimizer = { name: 'galore', rank: 2, learningRate: 0.05 }
    const projected = { ...options(), train: trainSpec.parse({ localSteps: 4, batchSize: 8, optimizer }) }
    /** The first 3 × 3 matrix of a client's update: its columns are combinations of two. */
    const moved = async (client: number, round: number) => {
      const { update } = await trainRound({ ...projected, client, round })
      return matrix(3, 3, Float64Array.from(update.subarray(0, 9)))
    }
    const [one, other, next] = [await moved(1, 1), await moved(2, 1), await moved(2, 2)]
    const thinness = (both: Matrix) => svd(both).s[2]! / svd(both).s[0]!
    expect(other).not.toEqual(one)
    expect(thinness(beside([one, other]))).toBeLessThan(1e-4)
    expect(thinness(beside([one, next]))).toBeGreaterThan(0.01)
  })

  it('ends between two steps when it is cancelled', async () => {
    const signal = { cancelled: false }
    const steps: number[] = []
    const onProgress = ({ step }: { step: number }) => {
      steps.push(step)
      signal.cancelled = step === 3
    }
    await expect(trainRound({ ...options(), signal, onProgress })).rejects.toMatchObject({ code: 'cancelled' })
    expect(steps).toEqual([1, 2, 3])
  })

  it('refuses a loss that is not a number, and a client without data', async () => {
    const broken = coordinates.map(() => Number.NaN)
    await expect(trainRound({ ...options(), coordinates: broken })).rejects.toMatchObject({ code: 'not-finite' })
    await expect(trainRound({ ...options(), examples: [] })).rejects.toMatchObject({ code: 'empty-data' })
  })
})
