import * as tf from '@tensorflow/tfjs'
import { fuse } from './fuse.ts'

export interface AttentionOptions {
  /** Additive, finite; broadcasts to [B, heads, T, T]. No gradient reaches it. */
  readonly mask: tf.Tensor
  /** Multiplies the scores; 1 / sqrt(headDim) in most models. */
  readonly scale: number
}

/**
 * Scaled dot-product attention: softmax(scale · q kᵀ + mask) v, with grouped queries (Ainslie et al. 2023,
 * https://arxiv.org/abs/2305.13245): the queries of one group share their keys and values without a repeated copy.
 * The backward pass takes the softmax's row sums from dy · y over headDim (Dao et al. 2022,
 * https://arxiv.org/abs/2205.14135, appendix B.2) instead of one more pass over the scores.
 *
 * @param q [B, kvHeads, group · T, headDim]: head h = kv · group + g of query t is row g · T + t.
 * @param k [B, kvHeads, S, headDim]
 * @param v [B, kvHeads, S, headDim]
 * @returns [B, kvHeads, group · T, headDim]
 */
export function attention(q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D, options: AttentionOptions): tf.Tensor4D {
  return fuse(
    (q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D) => {
      const scaled = tf.mul(q, options.scale) as tf.Tensor4D
      const scores = addMask(tf.matMul(scaled, k, false, true), options.mask)
      const share = tf.softmax(scores) // [B, kvHeads, group · T, S]
      const value = tf.matMul<tf.Tensor4D>(share, v)
      return {
        value,
        saved: [scaled, k, v, share, value],
        gradient: (dy, [scaled, k, v, share, value]) => {
          const dShare = tf.matMul(dy, v!, false, true)
          const along = tf.sum(tf.mul(dy, value!), -1, true)
          const dScores = tf.mul(share!, tf.sub(dShare, along))
          const dQ = tf.mul(tf.matMul(dScores, k!), options.scale)
          return [dQ, tf.matMul(dScores, scaled!, true, false), tf.matMul(share!, dy, true, false)]
        },
      }
    },
    q,
    k,
    v,
  )
}

/** scores [B, kvHeads, group · T, S] + mask, broadcast from at most [B, heads, T, S]. */
function addMask(scores: tf.Tensor, mask: tf.Tensor): tf.Tensor {
  const [batch, kvHeads, rows, keys] = scores.shape as [number, number, number, number]
  const aligned = [...new Array<number>(4 - mask.rank).fill(1), ...mask.shape]
  const [maskBatch, maskHeads, maskQueries, maskKeys] = aligned as [number, number, number, number]
  const maskGroup = maskHeads === 1 ? 1 : maskHeads / kvHeads
  const group = maskQueries === 1 ? maskGroup : rows / maskQueries
  const grouped = tf.reshape(scores, [batch, kvHeads, group, rows / group, keys])
  const groupedMask = tf.reshape(mask, [maskBatch, maskHeads / maskGroup, maskGroup, maskQueries, maskKeys])
  return tf.reshape(tf.add(grouped, groupedMask), [batch, kvHeads, rows, keys])
}
