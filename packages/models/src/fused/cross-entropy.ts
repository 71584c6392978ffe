import * as tf from '@tensorflow/tfjs'
import { fuse } from './fuse.ts'
import { oneHotRows } from './one-hot.ts'

/** Σ weights · losses: what every training loss here comes down to. Weights that sum to 1 make it a mean. */
const weightedSum = (losses: tf.Tensor1D, weights: tf.Tensor1D): tf.Scalar => tf.sum(tf.mul(losses, weights))

/**
 * Cross-entropy in nats: Σ_i weights_i · (logSumExp(logits_i) − logits_i[targets_i]).
 *
 * @param logits [N, V]
 * @param targets int32 [N], each in [0, V).
 * @param weights [N]; 0 leaves a row out, weights that sum to 1 make a mean. No gradient reaches them.
 */
export const crossEntropy = (logits: tf.Tensor2D, targets: tf.Tensor1D, weights: tf.Tensor1D): tf.Scalar =>
  weightedSum(tokenLosses(logits, targets), weights)

/**
 * Cross-entropy of the logits hidden · headWeightᵀ, without ever forming a gradient of the size [N, V]: the target's
 * part of it, a gathered row of the head, is subtracted in [N, D]. This is the form to train with.
 *
 * @param hidden [N, D]
 * @param headWeight [V, D]
 */
export const headCrossEntropy = (
  hidden: tf.Tensor2D,
  headWeight: tf.Tensor2D,
  targets: tf.Tensor1D,
  weights: tf.Tensor1D,
): tf.Scalar => weightedSum(headTokenLosses(hidden, headWeight, targets), weights)

/** Negative log-likelihood of every target in nats, [N], from logits [N, V]. */
export function tokenLosses(logits: tf.Tensor2D, targets: tf.Tensor1D): tf.Tensor1D {
  const [rows, vocabulary] = logits.shape
  return fuse((logits: tf.Tensor2D) => {
    const share = tf.softmax(logits)
    const rowStarts = tf.tensor1d(Int32Array.from({ length: rows }, (_, row) => row * vocabulary))
    const targetLogits = tf.gather(tf.reshape(logits, [-1]), tf.add(rowStarts, targets))
    return {
      value: tf.sub(logSumExp(logits, share), targetLogits) as tf.Tensor1D,
      saved: [share, targets],
      gradient: (dy, [share, targets]) => [tf.mul(towards(share!, targets!), asColumn(dy))],
    }
  }, logits)
}

/** Negative log-likelihood of every target in nats, [N], under the logits hidden [N, D] · headWeight [V, D]ᵀ. */
export function headTokenLosses(hidden: tf.Tensor2D, headWeight: tf.Tensor2D, targets: tf.Tensor1D): tf.Tensor1D {
  return fuse(
    (hidden: tf.Tensor2D, headWeight: tf.Tensor2D) => {
      const logits = tf.matMul(hidden, headWeight, false, true)
      const share = tf.softmax(logits)
      const targetRows = tf.gather(headWeight, targets) // [N, D]
      const targetLogits = tf.sum(tf.mul(hidden, targetRows), -1)
      return {
        value: tf.sub(logSumExp(logits, share), targetLogits) as tf.Tensor1D,
        saved: [share, targets, targetRows, hidden, headWeight],
        gradient: (dy, [share, targets, targetRows, hidden, headWeight]) => {
          const rowWeight = asColumn(dy)
          const dHidden = tf.mul(tf.sub(tf.matMul(share!, headWeight!), targetRows!), rowWeight)
          // A product with the one-hot rows, not a scatter: it sums in one order and so repeats to the bit.
          const dHead = tf.matMul(towards(share!, targets!), tf.mul(hidden!, rowWeight), true, false)
          return [dHidden, dHead]
        },
      }
    },
    hidden,
    headWeight,
  )
}

/**
 * log Σ exp(logits) of every row, [N], from the softmax that is needed anyway: the largest share is at least 1 / V, so
 * its logarithm is safe where that of an unlikely target would underflow.
 */
const logSumExp = (logits: tf.Tensor, share: tf.Tensor): tf.Tensor =>
  tf.sub(tf.max(logits, -1), tf.log(tf.max(share, -1)))

/** share − oneHot(targets), [N, V]. */
const towards = (share: tf.Tensor, targets: tf.Tensor): tf.Tensor2D =>
  tf.sub(share, oneHotRows(targets, share.shape[1]!))

/** [N] → [N, 1] */
const asColumn = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [-1, 1])
