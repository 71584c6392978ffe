import * as tf from '@tensorflow/tfjs'

/**
 * Fused forms: the expensive steps of a transformer with a gradient written by hand, so that the backward pass reuses
 * what the forward pass computed and makes the fewest passes over [N, V] and [B, heads, T, T]. First order only.
 */
export interface FusedForm<T extends tf.Tensor> {
  readonly value: T
  /** Every tensor the gradient reads, inputs and captured ones too: what is not saved is disposed before it runs. */
  readonly saved: readonly tf.Tensor[]
  /** One gradient an input, in their order. */
  gradient(dy: T, saved: readonly tf.Tensor[]): tf.Tensor[]
}

/** `tf.customGrad` with typed inputs and named results. */
export function fuse<Inputs extends readonly tf.Tensor[], T extends tf.Tensor>(
  form: (...inputs: Inputs) => FusedForm<T>,
  ...inputs: Inputs
): T {
  const differentiable = tf.customGrad((...args) => {
    const save = args.at(-1) as (tensors: tf.Tensor[]) => void
    const { value, saved, gradient } = form(...(args.slice(0, -1) as unknown as Inputs))
    save([...saved])
    return { value, gradFunc: gradient }
  })
  return differentiable(...inputs) as T
}
