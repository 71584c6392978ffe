import * as tf from '@tensorflow/tfjs'
import type { TensorOps } from '@tessera/adapters'

/** Tensor operations as tfjs kernels, for a step that is traced, differentiated and compiled. */
export const tfjsOps: TensorOps<tf.Tensor> = {
  matMul: (a, b, { transposeA = false, transposeB = false } = {}) => tf.matMul(a, b, transposeA, transposeB),
  add: (a, b) => tf.add(a, b),
  sub: (a, b) => tf.sub(a, b),
  mul: (a, b) => tf.mul(a, b),
  div: (a, b) => tf.div(a, b),
  scale: (a, factor) => tf.mul(a, factor),
  sum: (a, axis) => tf.sum(a, axis, true),
  reshape: (a, shape) => tf.reshape(a, [...shape]),
  transpose: (a, axes) => tf.transpose(a, [...axes]),
  concat: (parts, axis) => tf.concat([...parts], axis),
  slice: (a, begin, size) => tf.slice(a, [...begin], [...size]),
  scatter,
}

/** tfjs has no gradient for a scatter: it is a gather at the same positions. */
function scatter(values: tf.Tensor, positions: tf.Tensor, [rows, cols]: readonly [number, number]): tf.Tensor {
  const put = tf.customGrad((entries, save) => {
    const keep = save as tf.GradSaveFunc
    const at = tf.cast(tf.transpose(positions), 'int32') // [n, 2]
    keep([at])
    return {
      value: tf.scatterND(at, tf.reshape(entries as tf.Tensor, [-1]), [rows, cols]),
      gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => tf.reshape(tf.gatherND(dy, saved), [1, -1]),
    }
  })
  return put(values)
}
