import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { type GraphNode, inOrder, matmulFlops, sizeOf } from './graph.ts'
import { optimize } from './optimize.ts'
import type { Signature, Step } from './program.ts'
import { trace } from './trace.ts'

const matrix = (...shape: number[]): Signature[string] => ({ shape, dtype: 'float32' })

const optimized = (step: Step, inputs: Signature) => optimize(trace({ step, inputs, constants: {} }))

/** Every node that computes. */
function work(step: Step, inputs: Signature): GraphNode[] {
  const nodes = inOrder(Object.values(optimized(step, inputs).outputs))
  return nodes.filter((node) => !['input', 'splat', 'constant'].includes(node.op))
}

const operators = (step: Step, inputs: Signature): string[] => work(step, inputs).map((node) => node.op)

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('an optimized graph', () => {
  it('has no dead code: of exp, sin and cos only exp is an output', () => {
    const step: Step = ({ x }) => {
      tf.sin(tf.cos(x!))
      return { y: tf.exp(x!) }
    }
    expect(operators(step, { x: matrix(3) })).toEqual(['exp'])
  })

  it('computes equal things once', () => {
    const step: Step = ({ x }) => ({ y: tf.mul(tf.exp(x!), tf.exp(x!)) })
    expect(operators(step, { x: matrix(3) })).toEqual(['exp', 'mul'])
  })

  it('drops what changes nothing: + 0, − 0, · 1, / 1, casts and reshapes to the same', () => {
    const step: Step = ({ x }) => {
      const same = tf.div(tf.mul(tf.sub(tf.add(x!, 0), tf.zeros([2, 3])), tf.onesLike(x!)), 1)
      return { y: tf.neg(tf.reshape(tf.reshape(tf.cast(same, 'float32'), [6]), [2, 3])) }
    }
    expect(operators(step, { x: matrix(2, 3) })).toEqual(['neg'])
  })

  it('writes the gradient of a mean without a tensor of ones: one product and one stretch', () => {
    const step: Step = ({ x }) => ({ g: tf.grad((x) => tf.mean(tf.mul(x, x)))(x!) })
    const nodes = work(step, { x: matrix(1000, 100) })
    const stored = inOrder(nodes).filter((node) => node.op === 'constant')
    expect(stored).toEqual([])
    expect(nodes.every((node) => ['mul', 'add', 'expand'].includes(node.op))).toBe(true)
    expect(nodes.length).toBeLessThanOrEqual(3)
  })

  it('stretches late: exp of a stretched row runs on 4 elements, not on 4000', () => {
    const step: Step = ({ x, row }) => ({ y: tf.add(x!, tf.exp(tf.broadcastTo(row!, [1000, 4]))) })
    const nodes = work(step, { x: matrix(1000, 4), row: matrix(1, 4) })
    expect(nodes.map((node) => [node.op, sizeOf(node.shape)])).toEqual([
      ['exp', 4],
      ['add', 4000],
    ])
  })

  it('turns transposes into flags of the products, forward and backward', () => {
    const step: Step = ({ x, w }) => {
      const loss = (w: tf.Tensor) => tf.sum(tf.tanh(tf.matMul(x!, tf.transpose(w))))
      return { g: tf.grad(loss)(w!) }
    }
    expect(operators(step, { x: matrix(5, 3), w: matrix(4, 3) })).not.toContain('transpose')
  })

  it('turns scales into alpha: (a b) / 8 and (a / 8) b are one product each', () => {
    const inputs = { a: matrix(2, 3, 4), b: matrix(2, 4, 5) }
    const after = work(({ a, b }) => ({ y: tf.div(tf.matMul(a!, b!), 8) }), inputs)
    const before = work(({ a, b }) => ({ y: tf.matMul(tf.mul(a!, 0.125), b!) }), inputs)
    for (const nodes of [after, before]) {
      expect(nodes.map((node) => [node.op, node.attributes.alpha])).toEqual([['matmul', 0.125]])
    }
  })

  it('adds into products: x + a b + c d is two operators', () => {
    const step: Step = ({ x, a, b, c, d }) => ({ y: tf.add(x!, tf.add(tf.matMul(a!, b!), tf.matMul(c!, d!))) })
    const inputs = { x: matrix(2, 3), a: matrix(2, 4), b: matrix(4, 3), c: matrix(2, 5), d: matrix(5, 3) }
    expect(operators(step, inputs)).toEqual(['matmulAdd', 'matmulAdd'])
  })

  it('does not compute a product twice when its sum and itself are both needed', () => {
    const step: Step = ({ x, a, b }) => {
      const product = tf.matMul(a!, b!)
      return { product, sum: tf.add(x!, product), scaled: tf.mul(product, 3) }
    }
    const names = operators(step, { x: matrix(2, 3), a: matrix(2, 4), b: matrix(4, 3) })
    expect(names.filter((name) => name.startsWith('matmul'))).toEqual(['matmul'])
  })

  it('swaps two halves with one gather, here 1 2 | 3 4 and 5 6 | 7 8', () => {
    const halves = (x: tf.Tensor): tf.Tensor[] => tf.split(x, 2, 1)
    const swapped: Step = ({ x }) => ({ y: tf.concat(halves(x!).reverse(), 1) })
    const inOrder: Step = ({ x }) => ({ y: tf.concat(halves(x!), 1) })
    expect(operators(swapped, { x: matrix(2, 4) })).toEqual(['reshape', 'gather', 'reshape'])
    expect(operators(inOrder, { x: matrix(2, 4) })).toEqual(['slice', 'slice', 'concat'])
  })

  it('counts 2·m·k·n a product: 2·(2·3·4) forward, and as much for each of two gradients', () => {
    const step: Step = ({ a, b }) => {
      const { value, grads } = tf.valueAndGrads((a, b) => tf.sum(tf.square(tf.matMul(a!, b!))))([a!, b!])
      return { value, a: grads[0]!, b: grads[1]! }
    }
    expect(matmulFlops(optimized(step, { a: matrix(2, 3), b: matrix(3, 4) }))).toBe(3 * 48)
  })

  it('leaves nothing to compute of tensors without elements', () => {
    expect(operators(({ x }) => ({ y: tf.exp(x!), z: tf.sum(x!, 0) }), { x: matrix(0, 3) })).toEqual([])
  })
})
