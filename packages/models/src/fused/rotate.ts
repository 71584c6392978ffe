import * as tf from '@tensorflow/tfjs'
import { fuse } from './fuse.ts'

const halves = (x: tf.Tensor4D): [tf.Tensor4D, tf.Tensor4D] =>
  tf.split<tf.Tensor4D>(x, 2, 3) as [tf.Tensor4D, tf.Tensor4D]

/**
 * Rotate the heads by their positions' angles, with the tables of `rotaryTables`: the halves (a, b) of a head become
 * (a · cos − b · sin, b · cos + a · sin). The gradient of a rotation is the rotation by the opposite angle. No gradient
 * reaches the tables. The compiler knows both forms and writes one operator for each.
 *
 * @param x [B, T, heads, headDim]
 * @param cos [B or 1, T, 1, headDim]; both halves are the same.
 * @param sin as `cos`; the first half is negated.
 */
export function rotate(x: tf.Tensor4D, cos: tf.Tensor4D, sin: tf.Tensor4D): tf.Tensor4D {
  return fuse<[tf.Tensor4D], tf.Tensor4D>((x) => {
    const [a, b] = halves(x)
    const [c, s] = [halves(cos)[0], halves(sin)[1]]
    return {
      value: tf.concat([tf.sub(tf.mul(a, c), tf.mul(b, s)), tf.add(tf.mul(b, c), tf.mul(a, s))], 3),
      saved: [c, s],
      gradient: (dy, [c, s]) => {
        const [a, b] = halves(dy)
        return [tf.concat([tf.add(tf.mul(a, c!), tf.mul(b, s!)), tf.sub(tf.mul(b, c!), tf.mul(a, s!))], 3)]
      },
    }
  }, x)
}
