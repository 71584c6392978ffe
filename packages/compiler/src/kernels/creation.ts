import type * as tf from '@tensorflow/tfjs'
import { FedError } from '@tessera/vocabulary'
import type { Dtype } from '../graph.ts'
import { cast, constant, splat } from '../ops.ts'
import { type KernelRule, rule } from './rule.ts'

/** Strings and complex numbers stay outside of compiled steps. */
export function dtypeOf(dtype: tf.DataType): Dtype {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype
  throw new FedError('untraceable', `a tensor of dtype ${dtype} can not be compiled`, {
    fix: 'Use float32, int32 or bool inside of a step.',
  })
}

/** New tensors and new element types. */
export const creation: readonly KernelRule[] = [
  rule<tf.FillAttrs>('Fill', (_, { shape, value, dtype }) => splat(Number(value), shape, dtypeOf(dtype ?? 'float32'))),
  rule('OnesLike', ({ x }) => splat(1, x.shape, x.dtype)),
  rule('ZerosLike', ({ x }) => splat(0, x.shape, x.dtype)),
  rule<tf.RangeAttrs>('Range', (_, { start, stop, step, dtype }) => {
    const length = Math.max(0, Math.ceil((stop - start) / step))
    const values = Array.from({ length }, (_, i) => start + i * step)
    return constant(dtype === 'int32' ? Int32Array.from(values) : Float32Array.from(values), [length], dtype)
  }),
  rule<tf.LinSpaceAttrs>('LinSpace', (_, { start, stop, num }) => {
    const values = Array.from({ length: num }, (_, i) => start + (i * (stop - start)) / Math.max(1, num - 1))
    return constant(Float32Array.from(values), [num], 'float32')
  }),
  rule<tf.CastAttrs>('Cast', ({ x }, { dtype }) => cast(x, dtypeOf(dtype))),
]
