import * as tf from '@tensorflow/tfjs'
import { FedError } from '@tessera/vocabulary'
import type { Arrays, CompiledStep, Executor, Signature, StepProgram } from '../program.ts'
import { checkArrays } from '../signature.ts'
import { messageOf } from './onnx-runtime.ts'

export interface EagerOptions {
  readonly name: string
  readonly description: string
  /** A tfjs backend that `startBackend` started. */
  readonly backend: string
}

/** An executor that runs a step kernel by kernel on a tfjs backend: the second way to run the very same function. */
export function eagerExecutor({ name, description, backend }: EagerOptions): Executor {
  const open = new Set<CompiledStep>()
  return {
    name,
    description,
    prepare: async (program) => {
      const step = eagerStep(program, backend, () => open.delete(step))
      open.add(step)
      return step
    },
    dispose: async () => {
      for (const step of [...open]) await step.dispose()
    },
  }
}

/** Starts a registered tfjs backend without leaving it the current one. */
export async function startBackend(device: string, backend: string, fix: string): Promise<void> {
  const before = tf.getBackend()
  const failed = (why: string, cause?: unknown) =>
    new FedError('device-missing', `${device}: the tfjs backend "${backend}" does not start: ${why}`, { cause, fix })
  try {
    if (!(await tf.setBackend(backend))) throw failed('it is not available here')
  } catch (cause) {
    throw cause instanceof FedError ? cause : failed(messageOf(cause), cause)
  } finally {
    if (before && before !== backend) await tf.setBackend(before)
  }
}

function eagerStep(program: StepProgram, backend: string, onDispose: () => void): CompiledStep {
  const constantData = Object.entries(program.constants).map(([name, constant]) => [name, constant.data] as const)
  checkArrays(program.constants, Object.fromEntries(constantData))
  const constants = onBackend(backend, () => upload(program.constants, Object.fromEntries(constantData)))
  for (const tensor of Object.values(constants)) tf.keep(tensor)
  return {
    matmulFlops: 0,
    run: async (inputs) => {
      checkArrays(program.inputs, inputs)
      const outputs = onBackend(backend, () =>
        tf.tidy(() => cloned(program.step({ ...upload(program.inputs, inputs), ...constants }))),
      )
      return download(outputs)
    },
    dispose: async () => {
      for (const tensor of Object.values(constants)) tensor.dispose()
      onDispose()
    },
  }
}

/** tfjs has one current backend; it is switched only while synchronous code runs. */
function onBackend<T>(backend: string, work: () => T): T {
  const before = tf.getBackend()
  void tf.setBackend(backend)
  try {
    return work()
  } finally {
    if (before) void tf.setBackend(before)
  }
}

/** A step may return a constant, or one tensor under two names: each output is disposed on its own. */
const cloned = (outputs: Record<string, tf.Tensor>): Record<string, tf.Tensor> =>
  Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, tf.clone(tensor)]))

const upload = (signature: Signature, arrays: Arrays): Record<string, tf.Tensor> =>
  Object.fromEntries(
    Object.entries(signature).map(([name, { shape, dtype }]) => [name, tf.tensor(arrays[name]!, [...shape], dtype)]),
  )

async function download(outputs: Record<string, tf.Tensor>): Promise<Record<string, Float32Array | Int32Array>> {
  const results: Record<string, Float32Array | Int32Array> = {}
  for (const [name, tensor] of Object.entries(outputs)) {
    const data = await tensor.data()
    results[name] = tensor.dtype === 'float32' ? Float32Array.from(data) : Int32Array.from(data)
    tensor.dispose()
  }
  return results
}
