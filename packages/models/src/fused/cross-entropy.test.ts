import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { crossEntropy, headCrossEntropy } from './cross-entropy.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const ints = (...numbers: number[]) => tf.tensor1d(numbers, 'int32')

describe('cross-entropy', () => {
  it('is 0.5 ln 2 + 0.25 ln 4 for uniform rows of 2 and a weight of 0.5, worked by hand', () => {
    const logits = tf.tensor2d([
      [0, 0, -1e9, -1e9],
      [3, 3, 3, 3],
    ])
    const loss = crossEntropy(logits, ints(1, 2), tf.tensor1d([0.5, 0.25])).dataSync()[0]
    expect(loss).toBeCloseTo(0.5 * Math.log(2) + 0.25 * Math.log(4), 6)
  })

  it('is 2000, not infinite, for a target 2000 below the only likely token', () => {
    const logits = tf.tensor2d([[1000, -1000]])
    const gradient = tf.grad((x) => crossEntropy(x as tf.Tensor2D, ints(1), tf.tensor1d([1])))(logits)
    expect(crossEntropy(logits, ints(1), tf.tensor1d([1])).dataSync()[0]).toBe(2000)
    expect(Array.from(gradient.dataSync())).toEqual([1, -1])
  })

  it('lets rows of weight 0 change nothing, in value and gradient', () => {
    const hidden = tf.tensor2d([
      [1, 2],
      [30, -40],
    ])
    const head = tf.tensor2d([
      [1, 0],
      [0, 1],
    ])
    const loss = (x: tf.Tensor) => headCrossEntropy(x as tf.Tensor2D, head, ints(0, 1), tf.tensor1d([1, 0]))
    const { value, grad } = tf.valueAndGrad(loss)(hidden)
    expect(value.dataSync()[0]).toBeCloseTo(Math.log(1 + Math.E), 6) // ln(e + e²) − 1
    expect(Array.from(grad.dataSync()).slice(2).map(Math.abs)).toEqual([0, 0])
  })
})
