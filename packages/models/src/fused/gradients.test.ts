import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { rotaryTables } from '../rotary.ts'
import { wiggle } from '../tiny-model.ts'
import { attention } from './attention.ts'
import { headTokenLosses, tokenLosses } from './cross-entropy.ts'
import { embed } from './embed.ts'
import { rmsNorm } from './rms-norm.ts'
import { rotate } from './rotate.ts'
import { siluGate } from './silu-gate.ts'

/**
 * Every fused form against two oracles: the same formula in plain tfjs with automatic gradients, and the formula in
 * float64 loops with central differences (step 1e-5, so their own error is about 1e-9).
 */
interface Form {
  readonly name: string
  readonly shapes: readonly (readonly number[])[]
  readonly fused: (...inputs: tf.Tensor[]) => tf.Tensor
  readonly plain: (...inputs: tf.Tensor[]) => tf.Tensor
  readonly loops: (...inputs: number[][]) => number[]
}

const range = (length: number): number[] => [...new Array(length).keys()]
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

const norm: Form = {
  name: 'rmsNorm',
  shapes: [[3, 5], [5]],
  fused: (x, weight) => rmsNorm(x as tf.Tensor2D, weight as tf.Tensor1D, 0.01),
  plain: (x, weight) => tf.mul(tf.div(x, tf.sqrt(tf.add(tf.mean(tf.square(x), 1, true), 0.01))), weight),
  loops: (x, weight) =>
    range(3).flatMap((n) => {
      const row = x.slice(n * 5, n * 5 + 5)
      const rms = Math.sqrt(sum(row.map((number) => number * number)) / 5 + 0.01)
      return row.map((number, d) => (number / rms) * weight[d]!)
    }),
}

const gate: Form = {
  name: 'siluGate',
  shapes: [
    [3, 4],
    [3, 4],
  ],
  fused: (gate, up) => siluGate(gate as tf.Tensor2D, up as tf.Tensor2D),
  plain: (gate, up) => tf.mul(tf.mul(gate, tf.sigmoid(gate)), up),
  loops: (gate, up) => gate.map((g, i) => (g / (1 + Math.exp(-g))) * up[i]!),
}

const POSITIONS = [0, 1, 5]
const rotation: Form = {
  name: 'rotate',
  shapes: [[1, 3, 2, 4]],
  fused: (x) => {
    const { cos, sin } = rotaryTables({ head_dim: 4, rope_theta: 100 }, POSITIONS)
    return rotate(x as tf.Tensor4D, tf.tensor4d(cos, [1, 3, 1, 4]), tf.tensor4d(sin, [1, 3, 1, 4]))
  },
  plain: (x) => {
    const angles = POSITIONS.flatMap((position) => [position, position / 10])
    const cos = tf.tensor(angles.map(Math.cos), [1, 3, 1, 2])
    const sin = tf.tensor(angles.map(Math.sin), [1, 3, 1, 2])
    const [a, b] = tf.split(x, 2, 3) as [tf.Tensor, tf.Tensor]
    return tf.concat([tf.sub(tf.mul(a, cos), tf.mul(b, sin)), tf.add(tf.mul(b, cos), tf.mul(a, sin))], 3)
  },
  loops: (x) =>
    x.map((_, at) => {
      const [i, start] = [at % 4, at - (at % 4)]
      const angle = POSITIONS[Math.floor(at / 8)]! * (i % 2 === 0 ? 1 : 0.1) // 100^(-2/4)
      const [a, b] = [x[start + (i % 2)]!, x[start + (i % 2) + 2]!]
      return i < 2 ? a * Math.cos(angle) - b * Math.sin(angle) : b * Math.cos(angle) + a * Math.sin(angle)
    }),
}

// 2 rows, 2 key heads for 4 heads, 3 positions, width 2
const SCALE = 0.7
const causal = (query: number, key: number): number => (key <= query ? 0 : -1e9)
const attends: Form = {
  name: 'attention',
  shapes: [
    [2, 2, 6, 2],
    [2, 2, 3, 2],
    [2, 2, 3, 2],
  ],
  fused: (q, k, v) => {
    const mask = tf.tensor(
      range(9).map((i) => causal(Math.floor(i / 3), i % 3)),
      [1, 1, 3, 3],
    )
    return attention(q as tf.Tensor4D, k as tf.Tensor4D, v as tf.Tensor4D, { mask, scale: SCALE })
  },
  plain: (q, k, v) => {
    const mask = tf.tensor(
      range(9).map((i) => causal(Math.floor(i / 3), i % 3)),
      [1, 1, 3, 3],
    )
    const repeated = (x: tf.Tensor) => tf.reshape(tf.stack([x, x], 2), [2, 4, 3, 2])
    const scores = tf.mul(tf.matMul(tf.reshape(q, [2, 4, 3, 2]), repeated(k), false, true), SCALE)
    return tf.reshape(tf.matMul(tf.softmax(tf.add(scores, mask)), repeated(v)), [2, 2, 6, 2])
  },
  loops: (q, k, v) =>
    range(2 * 2 * 6).flatMap((row) => {
      const head = Math.floor(row / 6)
      const keys = range((row % 3) + 1).map((key) => (head * 3 + key) * 2)
      const shares = keys.map((at) => Math.exp(SCALE * (q[row * 2]! * k[at]! + q[row * 2 + 1]! * k[at + 1]!)))
      return range(2).map((d) => sum(keys.map((at, i) => shares[i]! * v[at + d]!)) / sum(shares))
    }),
}

const TARGETS = [4, 0, 2]
const targets = () => tf.tensor1d(TARGETS, 'int32')
const lossesInLoops = (logits: number[], vocabulary: number): number[] =>
  TARGETS.map((target, n) => {
    const row = logits.slice(n * vocabulary, (n + 1) * vocabulary)
    return Math.log(sum(row.map(Math.exp))) - row[target]!
  })
const plainLosses = (logits: tf.Tensor): tf.Tensor =>
  tf.sub(tf.logSumExp(logits, 1), tf.sum(tf.mul(logits, tf.oneHot(targets(), 5, 1, 0, 'float32')), 1))

const losses: Form = {
  name: 'tokenLosses',
  shapes: [[3, 5]],
  fused: (logits) => tokenLosses(logits as tf.Tensor2D, targets()),
  plain: plainLosses,
  loops: (logits) => lossesInLoops(logits, 5),
}

const TOKENS = [2, 0, 2]
const embedding: Form = {
  name: 'embed',
  shapes: [[4, 2]],
  fused: (weight) => embed(weight as tf.Tensor2D, tf.tensor1d(TOKENS, 'int32')),
  plain: (weight) => tf.gather(weight, tf.tensor1d(TOKENS, 'int32')),
  loops: (weight) => TOKENS.flatMap((token) => weight.slice(token * 2, token * 2 + 2)),
}

const headLosses: Form = {
  name: 'headTokenLosses',
  shapes: [
    [3, 2],
    [5, 2],
  ],
  fused: (hidden, head) => headTokenLosses(hidden as tf.Tensor2D, head as tf.Tensor2D, targets()),
  plain: (hidden, head) => plainLosses(tf.matMul(hidden, head, false, true)),
  loops: (hidden, head) => {
    const logit = (n: number, v: number) => hidden[n * 2]! * head[v * 2]! + hidden[n * 2 + 1]! * head[v * 2 + 1]!
    return lossesInLoops(
      range(15).map((i) => logit(Math.floor(i / 5), i % 5)),
      5,
    )
  },
}

/** The input as float32 numbers around ±2, so that the oracles see the very same. */
const inputsOf = (form: Form): number[][] =>
  form.shapes.map((shape, seed) => {
    const length = shape.reduce((product, size) => product * size, 1)
    return Array.from(wiggle(length, seed + 1), (number) => Math.fround(4 * number))
  })

/** The gradient of Σ probe · loops(inputs) with respect to one input, by central differences. */
function centralDifferences(form: Form, inputs: number[][], of: number, probe: Float32Array): number[] {
  const step = 1e-5
  const probed = (at: number, by: number) => {
    const moved = inputs.map((input, i) => (i === of ? input.map((x, j) => (j === at ? x + by : x)) : input))
    return sum(form.loops(...moved).map((value, i) => value * probe[i]!))
  }
  return inputs[of]!.map((_, at) => (probed(at, step) - probed(at, -step)) / (2 * step))
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length)
  const largest = Math.max(1, ...Array.from(expected, Math.abs))
  const worst = Math.max(...Array.from(actual, (number, i) => Math.abs(number - expected[i]!)))
  expect(worst / largest).toBeLessThan(2e-6)
}

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe.each([embedding, norm, gate, rotation, attends, losses, headLosses])('$name', (form) => {
  const inputs = inputsOf(form)
  const tensors = () => inputs.map((input, i) => tf.tensor(input, [...form.shapes[i]!]))
  const probe = wiggle(form.loops(...inputs).length, 9)
  const gradientsOf = (f: Form['fused']) => {
    const probed = (...args: tf.Tensor[]) => {
      const value = f(...args)
      return tf.sum(tf.mul(value, tf.tensor(probe, value.shape))) as tf.Scalar
    }
    return tf.grads(probed)(tensors())
  }

  it('has the value of the formula in float64 loops and in plain tfjs, to 2e-6', () => {
    const value = form.fused(...tensors()).dataSync()
    expectClose(value, form.loops(...inputs))
    expectClose(value, form.plain(...tensors()).dataSync())
  })

  it('has the gradients of central differences and of plain tfjs, to 2e-6', () => {
    const plain = gradientsOf(form.plain)
    for (const [i, gradient] of gradientsOf(form.fused).entries()) {
      expect(gradient.shape).toEqual(form.shapes[i])
      expectClose(gradient.dataSync(), centralDifferences(form, inputs, i, probe))
      expectClose(gradient.dataSync(), plain[i]!.dataSync())
    }
  })
})
