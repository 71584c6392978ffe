import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { wiggle } from '../tiny-model.ts'
import { attention } from './attention.ts'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

// 2 rows, 2 key heads, groups of 2, 3 queries, 3 keys, width 2
const q = () => tf.tensor4d(wiggle(48, 1), [2, 2, 6, 2])
const k = () => tf.tensor4d(wiggle(24, 2), [2, 2, 3, 2])
const v = () => tf.tensor4d(wiggle(24, 3), [2, 2, 3, 2])
const attend = (mask: tf.Tensor) => attention(q(), k(), v(), { mask, scale: 1 })

describe('attention masks', () => {
  const full = wiggle(2 * 4 * 3 * 3, 4)

  it.each([
    ['[T, T]', [3, 3]],
    ['[1, 1, T, T]', [1, 1, 3, 3]],
    ['[B, 1, 1, T]', [2, 1, 1, 3]],
    ['[1, heads, T, T]', [1, 4, 3, 3]],
    ['[1, heads, 1, T]', [1, 4, 1, 3]],
    ['[B, heads, T, T]', [2, 4, 3, 3]],
  ])('broadcast %s as if it were written out to [B, heads, T, T]', (_what, shape) => {
    const size = shape.reduce((product, length) => product * length, 1)
    const mask = tf.tensor(full.slice(0, size), shape)
    const written = tf.add(mask, tf.zeros([2, 4, 3, 3]))
    expect(attend(mask).dataSync()).toEqual(attend(written).dataSync())
  })

  it('give the mean of all values, not NaN, to a query that may look at nothing', () => {
    const output = attend(tf.fill([1, 1, 3, 3], -1e9)).dataSync()
    const values = v().dataSync()
    expect(output[0]).toBeCloseTo((values[0]! + values[2]! + values[4]!) / 3, 6)
  })
})
