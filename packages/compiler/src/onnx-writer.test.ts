import * as tf from '@tensorflow/tfjs'
import { transformerBlock } from '@tessera/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { compileStep } from './compile.ts'
import type { Step } from './program.ts'

const compiled = (step: Step, size = 1000) =>
  compileStep({ step, inputs: { x: { shape: [size, size], dtype: 'float32' } }, constants: {} })

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('a written model', () => {
  it('has the same bytes when the same step is compiled twice', () => {
    expect(compileStep(transformerBlock()).bytes).toEqual(compileStep(transformerBlock()).bytes)
  })

  it('has other bytes when a number in the step is another', () => {
    const scaled = (by: number) => compiled(({ x }) => ({ y: tf.mul(x!, by) })).bytes
    expect(scaled(2)).not.toEqual(scaled(3))
  })

  it('stores no ones and zeros: a gradient over [1000, 1000] takes less than 2 kB', () => {
    const step: Step = ({ x }) => ({ g: tf.grad((x) => tf.sum(tf.maximum(x, tf.zerosLike(x))))(x!) })
    expect(compiled(step).bytes.length).toBeLessThan(2000)
  })

  it('names the inputs that it reads, and only those', () => {
    const spec = { shape: [2], dtype: 'float32' as const }
    const step: Step = ({ a, b }) => ({ y: tf.exp(b!), z: tf.sub(a!, a!) })
    expect(compileStep({ step, inputs: { a: spec, b: spec, unread: spec }, constants: {} }).inputs).toEqual(['a', 'b'])
  })
})
