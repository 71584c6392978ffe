import * as tf from '@tensorflow/tfjs'
import { fuse } from './fuse.ts'

/**
 * RMSNorm: y = x / sqrt(mean(x²) + eps) · weight. Zhang and Sennrich 2019 (https://arxiv.org/abs/1910.07467).
 *
 * @param x [N, D]; the mean is over D.
 * @param weight [D]
 */
export function rmsNorm(x: tf.Tensor2D, weight: tf.Tensor1D, eps: number): tf.Tensor2D {
  return fuse(
    (x: tf.Tensor2D, weight: tf.Tensor1D) => {
      const scale = tf.rsqrt(tf.add(tf.mean(tf.mul(x, x), -1, true), eps)) // [N, 1]
      const normal = tf.mul(x, scale) // [N, D]
      return {
        value: tf.mul(normal, weight) as tf.Tensor2D,
        saved: [normal, scale, weight],
        gradient: (dy, [normal, scale, weight]) => {
          const dNormal = tf.mul(dy, weight!)
          const along = tf.mean(tf.mul(dNormal, normal!), -1, true) // [N, 1]
          const dx = tf.mul(tf.sub(dNormal, tf.mul(normal!, along)), scale!)
          return [dx, tf.sum(tf.mul(dy, normal!), 0)]
        },
      }
    },
    x,
    weight,
  )
}
