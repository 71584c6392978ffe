import * as tf from '@tensorflow/tfjs'
import type { Signature, StepProgram } from '@tessera/compiler'

/**
 * A training step that uses everything a transformer needs, small and in plain tfjs: embedding, RMSNorm, rotary
 * positions, grouped-query attention with a causal mask, SwiGLU, a tied head, cross-entropy; and the gradients of all
 * of its parameters.
 */
export interface BlockSize {
  readonly tokens: number
  readonly headDim: number
  /** Query heads; two share a key head. */
  readonly heads: number
  readonly hidden: number
  readonly vocabulary: number
}

export const SMALL_BLOCK: BlockSize = { tokens: 6, headDim: 4, heads: 4, hidden: 12, vocabulary: 9 }

type Tensors = Readonly<Record<string, tf.Tensor>>

export function transformerBlock(size: BlockSize = SMALL_BLOCK): StepProgram {
  const { tokens, headDim, vocabulary } = size
  const parameters = parametersOf(size)
  const names = Object.keys(parameters)
  return {
    inputs: {
      ...parameters,
      tokens: { shape: [tokens], dtype: 'int32' },
      targets: { shape: [tokens], dtype: 'int32' },
    },
    constants: { cos: rotary(tokens, headDim, Math.cos), sin: rotary(tokens, headDim, Math.sin) },
    step: (tensors) => {
      const loss = (...trained: tf.Tensor[]): tf.Tensor =>
        lossOf(size, { ...tensors, ...Object.fromEntries(names.map((name, i) => [name, trained[i]!])) }, vocabulary)
      const { value, grads } = tf.valueAndGrads(loss)(names.map((name) => tensors[name]!))
      return { loss: value, ...Object.fromEntries(names.map((name, i) => [`gradient of ${name}`, grads[i]!])) }
    },
  }
}

/** Parameters of scale 1 / sqrt(columns) and random tokens, from a sine: the same on every machine. */
export function transformerBlockInputs(size: BlockSize = SMALL_BLOCK): Record<string, Float32Array | Int32Array> {
  const inputs: Record<string, Float32Array | Int32Array> = {}
  for (const [name, { shape }] of Object.entries(parametersOf(size))) {
    const scale = 2 / Math.sqrt(shape.at(-1)!)
    const length = shape.reduce((product, dim) => product * dim, 1)
    inputs[name] = Float32Array.from({ length }, (_, i) => scale * Math.sin(12.9898 * i + name.length))
  }
  const ids = (step: number): Int32Array =>
    Int32Array.from({ length: size.tokens }, (_, i) => (i * step) % size.vocabulary)
  return { ...inputs, tokens: ids(5), targets: ids(7) }
}

function parametersOf({ headDim, heads, hidden, vocabulary }: BlockSize): Signature {
  const width = headDim * heads
  const matrix = (...shape: number[]) => ({ shape, dtype: 'float32' as const })
  return {
    embedding: matrix(vocabulary, width),
    norm: matrix(width),
    query: matrix(width, width),
    key: matrix(width / 2, width),
    value: matrix(width / 2, width),
    out: matrix(width, width),
    gate: matrix(hidden, width),
    up: matrix(hidden, width),
    down: matrix(width, hidden),
  }
}

function rotary(tokens: number, headDim: number, of: (angle: number) => number): StepProgram['constants'][string] {
  const half = headDim / 2
  const angle = (i: number): number => Math.floor(i / half) / 100 ** ((i % half) / half)
  const data = Float32Array.from({ length: tokens * half }, (_, i) => of(angle(i)))
  return { shape: [1, tokens, half], dtype: 'float32', data }
}

const rmsNorm = (x: tf.Tensor, weight: tf.Tensor): tf.Tensor =>
  tf.mul(tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), 1e-5))), weight)

const linear = (x: tf.Tensor, weight: tf.Tensor): tf.Tensor => tf.matMul(x, weight, false, true)

function lossOf(size: BlockSize, t: Tensors, vocabulary: number): tf.Tensor {
  let x = tf.gather(t.embedding!, t.tokens!)
  x = tf.add(x, attention(size, t, rmsNorm(x, t.norm!)))
  const normed = rmsNorm(x, t.norm!)
  const gate = linear(normed, t.gate!)
  x = tf.add(x, linear(tf.mul(tf.mul(gate, tf.sigmoid(gate)), linear(normed, t.up!)), t.down!))
  const logits = linear(rmsNorm(x, t.norm!), t.embedding!)
  const target = tf.cast(tf.oneHot(t.targets as tf.Tensor1D, vocabulary), 'float32')
  return tf.mean(tf.sub(tf.logSumExp(logits, -1), tf.sum(tf.mul(logits, target), -1)))
}

function attention({ tokens, headDim, heads }: BlockSize, t: Tensors, x: tf.Tensor): tf.Tensor {
  const byHead = (name: string, count: number): tf.Tensor =>
    tf.transpose(tf.reshape(linear(x, t[name]!), [tokens, count, headDim]), [1, 0, 2])
  const repeated = (y: tf.Tensor): tf.Tensor =>
    tf.reshape(tf.tile(tf.expandDims(y, 1), [1, 2, 1, 1]), [heads, tokens, headDim])
  const query = rotate(byHead('query', heads), t)
  const key = repeated(rotate(byHead('key', heads / 2), t))
  const scores = tf.div(tf.matMul(query, key, false, true), Math.sqrt(headDim))
  const positions = tf.range(0, tokens, 1, 'int32')
  const future = tf.greater(tf.reshape(positions, [1, 1, tokens]), tf.reshape(positions, [1, tokens, 1]))
  const masked = tf.where(future, tf.fill([heads, tokens, tokens], -1e9), scores)
  const mixed = tf.matMul(tf.softmax(masked), repeated(byHead('value', heads / 2)))
  return linear(tf.reshape(tf.transpose(mixed, [1, 0, 2]), [tokens, heads * headDim]), t.out!)
}

/** (a, b) → (a cos − b sin, b cos + a sin) over the halves of the last axis. */
function rotate(x: tf.Tensor, { cos, sin }: Tensors): tf.Tensor {
  const [a, b] = tf.split(x, 2, -1) as [tf.Tensor, tf.Tensor]
  return tf.concat([tf.sub(tf.mul(a, cos!), tf.mul(b, sin!)), tf.add(tf.mul(b, cos!), tf.mul(a, sin!))], -1)
}
