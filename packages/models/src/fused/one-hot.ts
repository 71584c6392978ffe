import * as tf from '@tensorflow/tfjs'

/**
 * One row a token with a 1 at its id, float32 [N, depth]. Cast from int32 on purpose: the WebAssembly backend of
 * tfjs 4.22 writes the bits of an integer 1 into a one-hot tensor that is asked for as float32.
 */
export const oneHotRows = (tokens: tf.Tensor, depth: number): tf.Tensor2D =>
  tf.cast(tf.oneHot(tokens as tf.Tensor1D, depth), 'float32') as tf.Tensor2D
