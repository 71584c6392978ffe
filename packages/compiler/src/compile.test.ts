import * as tf from '@tensorflow/tfjs'
import { type BlockSize, expectClose, transformerBlock, transformerBlockInputs } from '@tessera/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openExecutor } from './open-executor.ts'
import type { Arrays, Executor, Signature, Step, StepProgram } from './program.ts'

let eager: Executor
let compiled: Executor

beforeAll(async () => {
  eager = (await openExecutor('tfjs-cpu')).executor
  compiled = (await openExecutor('onnx-cpu', { threads: 1 })).executor
})
afterAll(async () => {
  await eager.dispose()
  await compiled.dispose()
})

const floats = (...shape: number[]): Signature[string] => ({ shape, dtype: 'float32' })

async function runOn(executor: Executor, program: StepProgram, inputs: Arrays): Promise<Arrays> {
  const step = await executor.prepare(program)
  try {
    return await step.run(inputs)
  } finally {
    await step.dispose()
  }
}

async function expectSame(program: StepProgram, inputs: Arrays): Promise<Arrays> {
  const result = await runOn(compiled, program, inputs)
  expectClose(result, await runOn(eager, program, inputs))
  return result
}

const program = (inputs: Signature, step: Step): StepProgram => ({ inputs, step, constants: {} })

describe('a compiled step', () => {
  it('has the loss and all nine gradients of a transformer block, as eager tfjs has them', async () => {
    const result = await expectSame(transformerBlock(), transformerBlockInputs())
    expect(Object.keys(result).length).toBe(10)
  })

  it('has the gradient 3x² of x³, worked by hand: 0, 3, 12', async () => {
    const step = program({ x: floats(3) }, ({ x }) => ({ g: tf.grad((x) => tf.sum(tf.pow(x, 3)))(x!) }))
    expect(Array.from((await runOn(compiled, step, { x: Float32Array.of(0, 1, 2) })).g!)).toEqual([0, 3, 12])
  })

  it('uses the gradient of tf.customGrad: here 7, whatever the function', async () => {
    const odd = tf.customGrad((x, save) => {
      ;(save as (tensors: tf.Tensor[]) => void)([x as tf.Tensor])
      return { value: tf.exp(x as tf.Tensor), gradFunc: (dy, saved) => tf.mul(dy, tf.fill(saved[0]!.shape, 7)) }
    })
    const step = program({ x: floats(2) }, ({ x }) => {
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => tf.sum(odd(x)))(x!)
      return { value, grad }
    })
    const result = await expectSame(step, { x: Float32Array.of(0, 0) })
    expect(Array.from(result.value!)).toEqual([2])
    expect(Array.from(result.grad!)).toEqual([7, 7])
  })

  it('may hold the optimizer: the first AdamW step moves by the learning rate against the sign, and decays', async () => {
    const [rate, decay] = [0.1, 0.5]
    const step = program({ w: floats(2), m: floats(2), v: floats(2) }, ({ w, m, v }) => {
      const g = tf.grad((w) => tf.sum(tf.mul(w, tf.tensor1d([3, -5]))))(w!)
      const [m1, v1] = [tf.add(tf.mul(m!, 0.9), tf.mul(g, 0.1)), tf.add(tf.mul(v!, 0.999), tf.mul(tf.square(g), 0.001))]
      const direction = tf.div(tf.div(m1, 0.1), tf.add(tf.sqrt(tf.div(v1, 0.001)), 1e-8))
      return { w: tf.sub(tf.mul(w!, 1 - rate * decay), tf.mul(direction, rate)), m: m1, v: v1 }
    })
    const zero = new Float32Array(2)
    const { w } = await expectSame(step, { w: Float32Array.of(1, 2), m: zero, v: zero })
    expectClose({ w: w! }, { w: Float32Array.of(0.95 - 0.1, 1.9 + 0.1) })
  })

  it('swaps the halves 1 2 | 3 4 of each row', async () => {
    const step = program({ x: floats(2, 4) }, ({ x }) => ({ y: tf.concat(tf.split(x!, 2, 1).reverse(), 1) }))
    const { y } = await expectSame(step, { x: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) })
    expect(Array.from(y!)).toEqual([3, 4, 1, 2, 7, 8, 5, 6])
  })

  it('returns an input, one value under two names, and a number that is known', async () => {
    const step = program({ x: floats(2) }, ({ x }) => {
      const y = tf.neg(x!)
      return { same: x!, y, again: y, two: tf.ones([2, 1]), truth: tf.greater(x!, 1) }
    })
    const result = await expectSame(step, { x: Float32Array.of(1, 2) })
    expect(Object.entries(result).map(([name, data]) => [name, ...data])).toEqual([
      ['same', 1, 2],
      ['y', -1, -2],
      ['again', -1, -2],
      ['two', 1, 1],
      ['truth', 0, 1],
    ])
  })

  it('has constants beside its inputs, and takes new ones without compiling again', async () => {
    const of = (scale: number): StepProgram => ({
      inputs: { x: floats(2) },
      constants: { c: { shape: [2], dtype: 'float32', data: Float32Array.of(scale, 10 * scale) } },
      step: ({ x, c }) => ({ y: tf.mul(x!, c!) }),
    })
    const [one, two] = [await compiled.prepare(of(1)), await compiled.prepare(of(2))]
    const x = Float32Array.of(3, 4)
    expect(Array.from((await one.run({ x })).y!)).toEqual([3, 40])
    expect(Array.from((await two.run({ x })).y!)).toEqual([6, 80])
    await one.dispose() // the session is shared: the other one still works
    expect(Array.from((await two.run({ x })).y!)).toEqual([6, 80])
    await two.dispose()
  })
})

describe('the inputs of a compiled step', () => {
  it.each([
    ['missing', {}, 'the step\'s input "x" is missing'],
    ['unknown', { x: new Float32Array(2), z: new Float32Array(2) }, 'no input "z"'],
    ['too long', { x: new Float32Array(3) }, 'expected length 2, got 3'],
    ['of another type', { x: new Int32Array(2) }, 'expected float32, got int32'],
  ])('that are %s are refused, compiled and eager', async (_what, inputs, message) => {
    for (const executor of [compiled, eager]) {
      const step = await executor.prepare(program({ x: floats(2) }, ({ x }) => ({ y: tf.exp(x!) })))
      await expect(step.run(inputs as Arrays)).rejects.toMatchObject({
        code: 'shape-mismatch',
        message: expect.stringContaining(message),
      })
      await step.dispose()
    }
  })
})

describe('repeated runs', () => {
  /** Large enough that ONNX Runtime splits its products and sums among threads; tokens repeat, so rows are added up. */
  const size: BlockSize = { tokens: 96, headDim: 16, heads: 4, hidden: 128, vocabulary: 17 }

  it.each([1, 2])(
    'give the same bytes 30 times with %i threads, the gradient of the embedding among them',
    async (threads) => {
      const { executor } = await openExecutor('onnx-cpu', { threads })
      const step = await executor.prepare(transformerBlock(size))
      const inputs = transformerBlockInputs(size)
      const first = await step.run(inputs)
      for (let run = 1; run < 30; run++) expect(await step.run(inputs)).toEqual(first)
      await executor.dispose()
    },
  )
})
