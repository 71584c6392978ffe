import * as tf from '@tensorflow/tfjs'
import { FedError } from '@tessera/vocabulary'
import { beforeEach, describe, expect, it } from 'vitest'
import { inOrder } from './graph.ts'
import type { Signature, Step } from './program.ts'
import { trace } from './trace.ts'

const vector: Signature = { x: { shape: [3], dtype: 'float32' } }

const traced = (step: Step, inputs: Signature = vector) => trace({ step, inputs, constants: {} })

const operators = (step: Step, inputs?: Signature): string[] =>
  inOrder(Object.values(traced(step, inputs).outputs)).map((node) => node.op)

const failureOf = (step: Step, inputs?: Signature): FedError => {
  try {
    traced(step, inputs)
  } catch (error) {
    if (error instanceof FedError) return error
    throw error
  }
  throw new Error('the step was traced')
}

beforeEach(async () => {
  await tf.setBackend('cpu')
})

describe('a traced step', () => {
  it('records one node per kernel, in the order of the data', () => {
    expect(operators(({ x }) => ({ y: tf.sin(tf.exp(x!)) }))).toEqual(['input', 'exp', 'sin'])
  })

  it('records the backward pass too: the gradient of sin is a product with cos', () => {
    const step: Step = ({ x }) => ({ g: tf.grad((x) => tf.sum(tf.sin(x)))(x!) })
    expect(operators(step)).toContain('cos')
  })

  it('knows shapes and element types: [2, 3] times [3, 4] is [2, 4], a comparison is bool and leaves as int32', () => {
    const { outputs } = traced(({ a, b }) => ({ product: tf.matMul(a!, b!), less: tf.less(a!, 0) }), {
      a: { shape: [2, 3], dtype: 'float32' },
      b: { shape: [3, 4], dtype: 'float32' },
    })
    expect(outputs.product?.shape).toEqual([2, 4])
    expect(outputs.less?.dtype).toBe('int32')
    expect(outputs.less?.inputs[0]?.dtype).toBe('bool')
  })

  it('keeps the backend of the caller, also when the step throws, and leaves no tensor behind', () => {
    const before = tf.memory().numTensors
    traced(({ x }) => ({ g: tf.grad((x) => tf.sum(tf.square(x)))(x!) }))
    expect(() =>
      traced(({ x }) => {
        tf.exp(x!)
        throw new RangeError('the step is wrong')
      }),
    ).toThrow(RangeError)
    expect(tf.getBackend()).toBe('cpu')
    expect(tf.memory().numTensors).toBe(before)
  })

  it('takes a tensor of the closure as a constant, and leaves it usable', () => {
    const captured = tf.tensor1d([1, 2, 3])
    const { outputs } = traced(({ x }) => ({ y: tf.add(x!, captured) }))
    const constant = outputs.y?.inputs.find((node) => node.op === 'constant')
    expect(Array.from(constant?.data ?? [])).toEqual([1, 2, 3])
    expect(Array.from(captured.dataSync())).toEqual([1, 2, 3])
    captured.dispose()
  })

  it('keeps ones of [1000, 1000] as a single number', () => {
    const { outputs } = traced(() => ({ y: tf.ones([1000, 1000]) }), {})
    expect(outputs.y).toMatchObject({ op: 'splat', attributes: { value: 1 }, shape: [1000, 1000] })
  })

  it('may read what it already knows: a tensor made from numbers', () => {
    const step: Step = ({ x }) => ({ y: tf.mul(x!, tf.tensor1d([2, 3]).dataSync()[1]!) })
    expect(traced(step).outputs.y?.inputs[1]?.attributes).toEqual({ value: 3 })
  })
})

describe('a step that can not be traced', () => {
  it('names the operator whose value was read, and what to do instead', () => {
    const error = failureOf(({ x }) => ({ y: tf.mul(x!, tf.exp(x!).dataSync()[0]!) }))
    expect(error.code).toBe('untraceable')
    expect(error.message).toContain('"exp"')
    expect(error.fix).toContain('Return the tensor from the step')
  })

  it('names the kernel without a rule', () => {
    const error = failureOf(({ x }) => ({ y: tf.topk(x!, 2).values }))
    expect(error.code).toBe('untraceable')
    expect(error.message).toBe('the tfjs kernel TopK has no rule in the compiler')
    expect(error.details).toEqual({ kernel: 'TopK' })
  })

  it('is refused when it is asynchronous', () => {
    const step = (async ({ x }: Record<string, tf.Tensor>) => ({ y: tf.scalar((await x!.data())[0]!) })) as unknown
    expect(failureOf(step as Step).message).toContain('asynchronous')
  })

  it('is refused when an output is not a tensor, and when an input is also a constant', () => {
    expect(failureOf((() => ({ loss: 1 })) as unknown as Step).message).toContain('"loss" is not a tensor')
    const constants = { x: { shape: [3], dtype: 'float32' as const, data: new Float32Array(3) } }
    expect(() => trace({ step: ({ x }) => ({ x: x! }), inputs: vector, constants })).toThrow(
      'both an input and a constant',
    )
  })

  it('is refused when it makes strings', () => {
    expect(failureOf(() => ({ y: tf.tensor1d(['a', 'b']) })).code).toBe('untraceable')
  })
})
