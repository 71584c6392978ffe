import * as tf from '@tensorflow/tfjs'
import { expectClose } from '@tessera/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inOrder, matmulFlops } from '../graph.ts'
import { openExecutor } from '../open-executor.ts'
import { optimize } from '../optimize.ts'
import type { Arrays, Executor, Signature, Step } from '../program.ts'
import { trace } from '../trace.ts'

const ROWS = 40
const [IN, OUT, RANK] = [12, 20, 2]
const matrix = (...shape: number[]): Signature[string] => ({ shape, dtype: 'float32' })
const inputs: Signature = {
  x: matrix(ROWS, IN),
  w: matrix(OUT, IN),
  b: matrix(OUT, RANK),
  r: matrix(RANK, RANK),
  a: matrix(RANK, IN),
}

type Tensors = Readonly<Record<string, tf.Tensor>>

/** x Wᵀ + 3 · x Aᵀ Rᵀ Bᵀ */
function adapted({ x, w, b, r, a }: Tensors): tf.Tensor {
  const low = tf.matMul(tf.matMul(x!, a!, false, true), r!, false, true)
  return tf.add(tf.matMul(x!, w!, false, true), tf.mul(tf.matMul(low, b!, false, true), 3))
}

/** The loss, and the gradients of x, of R and of A. */
const training: Step = (tensors) => {
  const loss = (x: tf.Tensor, r: tf.Tensor, a: tf.Tensor) => tf.sum(tf.tanh(adapted({ ...tensors, x, r, a })))
  const { value, grads } = tf.valueAndGrads(loss as never)([tensors.x!, tensors.r!, tensors.a!])
  return { value, x: grads[0]!, r: grads[1]!, a: grads[2]! }
}

const optimized = (step: Step, signature: Signature = inputs) =>
  optimize(trace({ step, inputs: signature, constants: {} }))

const operators = (step: Step, signature?: Signature): string[] =>
  inOrder(Object.values(optimized(step, signature).outputs))
    .filter(({ op }) => op !== 'input')
    .map(({ op, shape }) => `${op} ${shape.join('x')}`)

const noise = (signature: Signature): Arrays =>
  Object.fromEntries(
    Object.entries(signature).map(([name, { shape }], at) => {
      const length = shape.reduce((size, dim) => size * dim, 1)
      return [name, Float32Array.from({ length }, (_, i) => Math.sin(12.9898 * i + at) / 3)]
    }),
  )

let eager: Executor
let compiled: Executor

beforeAll(async () => {
  await tf.setBackend('cpu')
  eager = (await openExecutor('tfjs-cpu')).executor
  compiled = (await openExecutor('onnx-cpu', { threads: 1 })).executor
})
afterAll(async () => {
  await eager.dispose()
  await compiled.dispose()
})

async function expectSame(step: Step): Promise<void> {
  const program = { inputs, step, constants: {} }
  const [left, right] = [await compiled.prepare(program), await eager.prepare(program)]
  expectClose(await left.run(noise(inputs)), await right.run(noise(inputs)))
}

describe('an adapter beside a layer', () => {
  it('is added to the weight, 20x12, and not to the output, 40x20', async () => {
    const step: Step = (tensors) => ({ y: adapted(tensors) })
    expect(operators(step)).toEqual(['matmul 2x12', 'matmulAdd 20x12', 'matmul 40x20'])
    await expectSame(step)
  })

  it('shares the merged weight between the layer and its backward pass', async () => {
    const names = operators(training)
    expect(names.filter((name) => name === 'matmulAdd 20x12')).toEqual(['matmulAdd 20x12'])
    expect(names.filter((name) => name.startsWith('add'))).toEqual([])
    await expectSame(training)
  })

  it('is merged in the gradient of an input of three layers too: three products, two of which add', async () => {
    const step: Step = (tensors) => {
      const layers = (x: tf.Tensor): tf.Tensor[] =>
        [1, 2, 3].map((scale) => tf.sum(tf.tanh(tf.mul(adapted({ ...tensors, x }), scale))))
      return { g: tf.grad((x) => tf.addN(layers(x)))(tensors.x!) }
    }
    const products = operators(step).filter((name) => name.endsWith(' 40x12'))
    expect(products).toEqual(['matmul 40x12', 'matmulAdd 40x12', 'matmulAdd 40x12'])
    await expectSame(step)
  })

  it('stays beside it when the rows are few: with 5 rows that is less work', () => {
    const step: Step = (tensors) => ({ y: adapted(tensors) })
    const few = { ...inputs, x: matrix(5, IN) }
    expect(operators(step, few).some((name) => name.endsWith('20x12'))).toBe(false)
    expect(matmulFlops(optimized(step, few))).toBe(2 * 5 * (IN * OUT + IN * RANK + RANK * RANK + RANK * OUT))
  })

  it('stays beside it when its output, or that of the layer, is needed by itself', () => {
    const parts = ({ x, w, b, a }: Tensors): [tf.Tensor, tf.Tensor] => [
      tf.matMul(x!, w!, false, true),
      tf.matMul(tf.matMul(x!, a!, false, true), b!, false, true),
    ]
    for (const kept of [0, 1]) {
      const step: Step = (tensors) => {
        const [wide, low] = parts(tensors)
        return { y: tf.add(wide, low), kept: [wide, low][kept]! }
      }
      expect(operators(step).some((name) => name.endsWith('20x12'))).toBe(false)
    }
  })

  it('stays beside it when it starts from another input', () => {
    const step: Step = ({ x, z, w, b, a }) => {
      const low = tf.matMul(tf.matMul(z!, a!, false, true), b!, false, true)
      return { y: tf.add(tf.matMul(x!, w!, false, true), low) }
    }
    expect(operators(step, { ...inputs, z: matrix(ROWS, IN) }).some((name) => name.endsWith('20x12'))).toBe(false)
  })
})
