import * as tf from '@tensorflow/tfjs'
import type { Arrays, Constant, Signature, StepProgram } from '@tessera/compiler'
import { causalMask, headCrossEntropy, llama, rotaryTables } from '@tessera/models'
import type { Site } from '@tessera/vocabulary'

/** The step that is timed: a Llama of 6 layers and width 384, 4 sequences of 256 tokens, square adapters of rank 16. */
export const SEQUENCES = 4
export const TOKENS = 256
export const RANK = 16

const config = llama.config.parse({
  model_type: 'llama',
  vocab_size: 4096,
  hidden_size: 384,
  intermediate_size: 1024,
  num_hidden_layers: 6,
  num_attention_heads: 6,
  hidden_act: 'silu',
  tie_word_embeddings: true,
})

const sites: readonly Site[] = llama.sites(config)
const square = (site: string): string => `${site}.R`

const trained: Signature = Object.fromEntries(
  sites.map(({ name }) => [square(name), { shape: [RANK, RANK], dtype: 'float32' as const }]),
)

const random = uniform(1)

/** Base parameters, and the frozen factors B [out, rank] and A [rank, in] around each square adapter. */
const constants: Record<string, Constant> = {
  ...Object.fromEntries(llama.parameters(config).map(({ name, shape }) => [name, parameter(shape)])),
  ...Object.fromEntries(
    sites.flatMap(({ name, outDim, inDim }) => [
      [`${name}.B`, parameter([outDim, RANK])],
      [`${name}.A`, parameter([RANK, inDim])],
    ]),
  ),
  ...rotary(),
  mask: { shape: [1, 1, TOKENS, TOKENS], dtype: 'float32', data: causalMask(TOKENS) },
}

/** Mean loss over all tokens, and its gradient for every R of y = W x + B R A x. */
export const transformerStep: StepProgram = {
  inputs: {
    tokens: { shape: [SEQUENCES, TOKENS], dtype: 'int32' },
    targets: { shape: [SEQUENCES * TOKENS], dtype: 'int32' },
    ...trained,
  },
  constants,
  step: (tensors) => {
    const names = Object.keys(trained)
    const loss = (...squares: tf.Tensor[]): tf.Tensor =>
      lossOf({ ...tensors, ...Object.fromEntries(names.map((name, i) => [name, squares[i]!])) })
    const { value, grads } = tf.valueAndGrads(loss)(names.map((name) => tensors[name]!))
    return { loss: value, ...Object.fromEntries(names.map((name, i) => [`gradient of ${name}`, grads[i]!])) }
  },
}

function lossOf(tensors: Readonly<Record<string, tf.Tensor>>): tf.Tensor {
  const matrix = (name: string): tf.Tensor2D => tensors[name] as tf.Tensor2D
  const hidden = llama.network.forward(config, {
    parameters: tensors,
    tokens: matrix('tokens'),
    cos: tensors.cos!,
    sin: tensors.sin!,
    mask: tensors.mask!,
    linear: (site, x, weight) => {
      const low = tf.matMul(tf.matMul(x, matrix(`${site}.A`), false, true), matrix(square(site)), false, true)
      return tf.add(tf.matMul(x, weight, false, true), tf.matMul(low, matrix(`${site}.B`), false, true))
    },
  })
  const rows = tf.reshape(hidden, [SEQUENCES * TOKENS, config.hidden_size]) as tf.Tensor2D
  const weights = tf.fill([SEQUENCES * TOKENS], 1 / (SEQUENCES * TOKENS)) as tf.Tensor1D
  return headCrossEntropy(rows, llama.network.headWeight(config, tensors), tensors.targets as tf.Tensor1D, weights)
}

/** Random tokens and adapters, other ones at each call. */
export function transformerInputs(): Arrays {
  const token = (): number => Math.floor(((random() + 1) / 2) * config.vocab_size)
  const tokens = (): Int32Array => Int32Array.from({ length: SEQUENCES * TOKENS }, token)
  const squares = Object.keys(trained).map((name) => [name, parameter([RANK, RANK]).data] as const)
  return { tokens: tokens(), targets: tokens(), ...Object.fromEntries(squares) }
}

/** Numbers of variance 1 / columns; a vector is a norm's weight and is 1. */
function parameter(shape: readonly number[]): Constant {
  const length = shape.reduce((size, dim) => size * dim, 1)
  const scale = Math.sqrt(3 / shape[shape.length - 1]!)
  const data = Float32Array.from({ length }, () => (shape.length === 1 ? 1 : scale * random()))
  return { shape, dtype: 'float32', data }
}

function rotary(): Record<'cos' | 'sin', Constant> {
  const positions = Array.from({ length: TOKENS }, (_, i) => i)
  const { cos, sin } = rotaryTables(config, positions)
  const shape = [1, TOKENS, config.head_dim]
  return { cos: { shape, dtype: 'float32', data: cos }, sin: { shape, dtype: 'float32', data: sin } }
}

/** Numbers in [−1, 1), the same on every machine: a linear congruential generator, of which only the size matters. */
function uniform(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 31 - 1
  }
}
