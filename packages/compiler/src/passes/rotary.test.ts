import * as tf from '@tensorflow/tfjs'
import { expectClose } from '@tessera/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadOnnxRuntime } from '../executors/onnx-runtime.ts'
import { inOrder } from '../graph.ts'
import { onnxExecutor } from '../onnx-session.ts'
import { openExecutor } from '../open-executor.ts'
import { optimize } from '../optimize.ts'
import type { Arrays, Executor, Signature, Step } from '../program.ts'
import { trace } from '../trace.ts'

const [BATCH, TOKENS, HEADS, DIM] = [2, 3, 2, 8]
const float = (...shape: number[]): Signature[string] => ({ shape, dtype: 'float32' })
const table = float(1, TOKENS, 1, DIM / 2)
const inputs: Signature = { x: float(BATCH, TOKENS, HEADS, DIM), c: table, s: table }

/** The halves (a, b) turned by the angle, or by its opposite. */
function turned({ x, c, s }: Readonly<Record<string, tf.Tensor>>, opposite = false): tf.Tensor {
  const [a, b] = tf.split(x!, 2, 3) as [tf.Tensor, tf.Tensor]
  const [first, second] = opposite ? [tf.add, tf.sub] : [tf.sub, tf.add]
  return tf.concat([first(tf.mul(a, c!), tf.mul(b, s!)), second(tf.mul(b, c!), tf.mul(a, s!))], 3)
}

const bothWays: Step = (tensors) => ({ y: turned(tensors), back: turned(tensors, true) })

const operators = (step: Step, signature: Signature = inputs): string[] =>
  inOrder(Object.values(optimize(trace({ step, inputs: signature, constants: {} })).outputs))
    .map(({ op }) => op)
    .filter((op) => op !== 'input')

const noise = (seed: number, { shape }: Signature[string]): Float32Array =>
  Float32Array.from({ length: shape.reduce((size, dim) => size * dim, 1) }, (_, i) => Math.sin(12.9898 * i + seed))

const arrays: Arrays = { x: noise(1, inputs.x!), c: noise(2, table), s: noise(3, table) }

async function run(executor: Executor): Promise<Arrays> {
  const result = await (await executor.prepare({ inputs, step: bothWays, constants: {} })).run(arrays)
  await executor.dispose()
  return result
}

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('the rotation of two halves', () => {
  it('is one operator by the angle, and one by the opposite angle, with the negated table', () => {
    expect(operators((tensors) => ({ y: turned(tensors) }))).toEqual(['rotary'])
    expect(operators((tensors) => ({ y: turned(tensors, true) }))).toEqual(['neg', 'rotary'])
  })

  it('gives what eager tfjs gives, with the operator of the runtime and without', async () => {
    const expected = await run((await openExecutor('tfjs-cpu')).executor)
    const session = { executionProviders: ['cpu'] }
    const runtime = await loadOnnxRuntime('onnx-cpu')
    for (const rotary of [true, false]) {
      const target = { fusedMatmul: true, gatherRows: true, rotary }
      const options = { name: 'test', description: '', runtime, session, target, constants: 'fed' as const }
      expectClose(await run(onnxExecutor(options)), expected)
    }
  })

  it('is left as it is when sequences have angles of their own, or heads have', () => {
    for (const [batch, heads] of [
      [BATCH, 1],
      [1, HEADS],
    ] as const) {
      const own = float(batch, TOKENS, heads, DIM / 2)
      expect(operators((tensors) => ({ y: turned(tensors) }), { ...inputs, c: own, s: own })).not.toContain('rotary')
    }
  })

  it('is no rotation when the tables or the halves stand in other places', () => {
    const wrong: Step = ({ x, c, s }) => {
      const [a, b] = tf.split(x!, 2, 3) as [tf.Tensor, tf.Tensor]
      const first = tf.sub(tf.mul(a, c!), tf.mul(b, s!))
      return {
        tables: tf.concat([first, tf.add(tf.mul(b, s!), tf.mul(a, c!))], 3),
        order: tf.concat([tf.add(tf.mul(b, c!), tf.mul(a, s!)), first], 3),
        halves: turned({ x: tf.reverse(x!, 3), c: s!, s: s! }),
      }
    }
    expect(operators(wrong).filter((op) => op === 'rotary').length).toBe(1)
  })
})
