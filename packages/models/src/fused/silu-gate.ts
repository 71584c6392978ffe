import * as tf from '@tensorflow/tfjs'
import { fuse } from './fuse.ts'

/**
 * The gate of SwiGLU: y = silu(gate) · up with silu(g) = g · sigmoid(g), all [N, F].
 * Since silu' = s + silu · (1 − s), the gate's gradient is dy · (y + s · (up − y)): four passes with the saved y.
 *
 * Paper: Shazeer 2020 (https://arxiv.org/abs/2002.05202).
 */
export function siluGate(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  return fuse<[tf.Tensor2D, tf.Tensor2D], tf.Tensor2D>(
    (gate, up) => {
      const sigmoid = tf.sigmoid(gate)
      const silu = tf.mul(gate, sigmoid)
      const value = tf.mul<tf.Tensor2D>(silu, up)
      return {
        value,
        saved: [sigmoid, silu, up, value],
        gradient: (dy, [sigmoid, silu, up, value]) => {
          const slope = tf.add(value!, tf.mul(sigmoid!, tf.sub(up!, value!)))
          return [tf.mul(dy, slope), tf.mul(dy, silu!)]
        },
      }
    },
    gate,
    up,
  )
}
