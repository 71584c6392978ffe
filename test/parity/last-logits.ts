import * as tf from '@tensorflow/tfjs'
import type { AdapterLayout, FactorSet } from '@tessera/adapters'
import { type Executor, openExecutor, type StepProgram } from '@tessera/compiler'
import { type BaseModel, causalMask, type Linear } from '@tessera/models'
import type { FactorTensors } from '../../packages/trainer/src/adapted-linear.ts'
import {
  factorTensors,
  modelConstants,
  trainedArrays,
  trainedSignature,
} from '../../packages/trainer/src/adapted-model.ts'

export interface Adapted {
  readonly layout: AdapterLayout
  readonly frozen: FactorSet
  readonly coordinates: Float32Array
}
export type LinearOf = (layout: AdapterLayout, factors: FactorTensors) => Linear

export interface Question {
  readonly model: BaseModel
  readonly ids: readonly number[]
  readonly linearOf: LinearOf
}

/** Logits of the last position of one text, compiled. */
export async function lastLogits(adapted: Adapted, question: Question): Promise<Float32Array> {
  const { executor } = await openExecutor('onnx-cpu', { threads: 1 })
  try {
    return await run(executor, adapted, question)
  } finally {
    await executor.dispose()
  }
}

async function run(executor: Executor, adapted: Adapted, question: Question): Promise<Float32Array> {
  const step = await executor.prepare(program(adapted, question))
  const { logits } = await step.run(trainedArrays(adapted.layout, adapted.coordinates))
  return logits as Float32Array
}

function program({ layout, frozen }: Adapted, { model, ids, linearOf }: Question): StepProgram {
  const { config, architecture } = model
  const { network } = architecture
  const { cos, sin } = network.rotaryTables(config, [...ids.keys()])
  const [length, last] = [ids.length, ids.length - 1]
  const constants: StepProgram['constants'] = {
    ...modelConstants({ model, layout, frozen }),
    cos: { dtype: 'float32', shape: [1, length, cos.length / length], data: cos },
    sin: { dtype: 'float32', shape: [1, length, sin.length / length], data: sin },
    mask: { dtype: 'float32', shape: [1, 1, length, length], data: causalMask(length) },
    tokens: { dtype: 'int32', shape: [1, length], data: Int32Array.from(ids) },
  }
  const step: StepProgram['step'] = (inputs) => {
    const { tokens, cos, sin, mask } = inputs as Record<'cos' | 'sin' | 'mask', tf.Tensor> & { tokens: tf.Tensor2D }
    const linear = linearOf(layout, factorTensors(layout, inputs))
    const hidden = network.forward(config, { parameters: inputs, linear, tokens, cos, sin, mask })
    const rows = tf.reshape(hidden, [length, config.hidden_size]) as tf.Tensor2D
    return { logits: network.head(config, inputs, tf.slice2d(rows, [last, 0], [1, config.hidden_size])) }
  }
  return { step, inputs: trainedSignature(layout), constants }
}

/** Numbers of a golden file. */
export const floats = (base64: string): Float32Array =>
  new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer)

export function largestDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new RangeError(`${a.length} numbers and ${b.length}`)
  return Math.max(...a.map((number, at) => Math.abs(number - b[at]!)))
}
