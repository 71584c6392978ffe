import * as tf from '@tensorflow/tfjs'
import { describeKernelRules } from '@tessera/testing'
import { matmuls } from './matmul.ts'

describeKernelRules('matrix products', matmuls, {
  BatchMatMul: (draw) => {
    const [m, k, n] = draw.shape(3, 3) as [number, number, number]
    const [left, right] = draw.broadcastable(2, draw.shape(0, 2, 1)) as [number[], number[]]
    const [transposeA, transposeB] = [draw.boolean(), draw.boolean()]
    return {
      inputs: {
        a: draw.floats([...left, ...(transposeA ? [k, m] : [m, k])]),
        b: draw.floats([...right, ...(transposeB ? [n, k] : [k, n])]),
      },
      compute: ({ a, b }) => tf.matMul(a!, b!, transposeA, transposeB),
    }
  },
})
