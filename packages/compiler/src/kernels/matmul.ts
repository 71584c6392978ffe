import type * as tf from '@tensorflow/tfjs'
import { matmul } from '../ops.ts'
import { type KernelRule, rule } from './rule.ts'

export const matmuls: readonly KernelRule[] = [
  rule<tf.BatchMatMulAttrs>('BatchMatMul', ({ a, b }, { transposeA, transposeB }) =>
    matmul(a, b, { transposeA, transposeB }),
  ),
]
