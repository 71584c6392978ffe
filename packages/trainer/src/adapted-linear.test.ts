import * as tf from '@tensorflow/tfjs'
import { chainAdapter, factorKey, layoutOf } from '@tessera/adapters'
import { beforeAll, describe, expect, it } from 'vitest'
import { adaptedLinear, mergedLinear } from './adapted-linear.ts'

const site = { name: 's', outDim: 2, inDim: 3 }
const layout = layoutOf([
  {
    site,
    adapter: chainAdapter({
      scale: 2,
      factors: [
        { name: 'B', rows: 2, cols: 1, train: false },
        { name: 'A', rows: 1, cols: 3, train: true, exactness: 'linear' },
      ],
    }),
  },
])

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe.each([
  ['beside the weight', adaptedLinear],
  ['merged into it', mergedLinear],
])('an adapter %s', (_, adapt) => {
  const factors = () => ({
    [factorKey('s', 'B')]: tf.tensor2d([[1], [-1]]),
    [factorKey('s', 'A')]: tf.tensor2d([[1, 0, 2]]),
  })

  it('adds scale · B A x, worked by hand', () => {
    const weight = tf.tensor2d([
      [1, 0, 0],
      [0, 1, 0],
    ])
    const y = adapt(layout, factors())('s', tf.tensor2d([[1, 2, 3]]), weight)
    expect(y.arraySync()).toEqual([[1 + 2 * 7, 2 - 2 * 7]]) // A x = 1 + 6 = 7
  })

  it('leaves other layers alone', () => {
    const y = adapt(layout, factors())('other', tf.tensor2d([[1, 2, 3]]), tf.tensor2d([[1, 1, 1]]))
    expect(y.arraySync()).toEqual([[6]])
  })
})
