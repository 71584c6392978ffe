import * as tf from '@tensorflow/tfjs'
import { fuse } from './fuse.ts'
import { oneHotRows } from './one-hot.ts'

/**
 * The rows of the embedding that the tokens name. Its gradient is a product with the tokens' one-hot rows, not a
 * scatter: it sums in one order and so repeats to the bit, and it costs nothing where the embedding is frozen.
 *
 * @param weight [V, D]
 * @param tokens int32 [N], each in [0, V).
 * @returns [N, D]
 */
export function embed(weight: tf.Tensor2D, tokens: tf.Tensor1D): tf.Tensor2D {
  return fuse<[tf.Tensor2D], tf.Tensor2D>(
    (weight) => ({
      value: tf.gather(weight, tokens),
      saved: [tokens],
      gradient: (dy, [tokens]) => [tf.matMul(oneHotRows(tokens!, weight.shape[0]), dy, true, false)],
    }),
    weight,
  )
}
