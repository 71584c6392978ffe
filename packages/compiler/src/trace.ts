import * as tf from '@tensorflow/tfjs'
import { FedError } from '@tessera/vocabulary'
import type { Graph, GraphNode } from './graph.ts'
import { cast, input } from './ops.ts'
import type { Signature, StepProgram } from './program.ts'
import { TRACE, traceBackend } from './trace-backend.ts'

/**
 * Runs the step once, symbolically, and returns the graph of what it computes: its forward pass, and, because tfjs
 * makes gradients out of kernels, its backward pass. The caller's tfjs backend is the same before and after.
 *
 * @throws {FedError} `untraceable`: the step reads a value, is asynchronous, or uses a kernel that has no rule.
 */
export function trace(program: StepProgram): Graph {
  const backend = traceBackend()
  const before = tf.getBackend() ?? activeBackend()
  const signature = signatureOf(program)
  void tf.setBackend(TRACE)
  try {
    const inputs = Object.entries(signature).map(([name, { shape, dtype }]) => input(name, shape, dtype))
    const outputs: Record<string, GraphNode> = {}
    tf.tidy(() => {
      const feeds = inputs.map((node) => [node.name, tf.engine().makeTensorFromTensorInfo(backend.store(node))])
      const results = checked(program.step(Object.fromEntries(feeds)))
      for (const [name, tensor] of Object.entries(results)) outputs[name] = numbers(backend.nodeOf(tensor))
    })
    return { inputs, outputs }
  } finally {
    void tf.setBackend(before)
  }
}

/** Outputs are float32 or int32; truth values leave a step as 0 and 1. */
const numbers = (node: GraphNode): GraphNode => (node.dtype === 'bool' ? cast(node, 'int32') : node)

/** Inputs and constants in one signature, each in the order it was given. */
export function signatureOf({ inputs, constants }: StepProgram): Signature {
  const twice = Object.keys(constants).find((name) => Object.hasOwn(inputs, name))
  if (twice !== undefined) {
    throw new FedError('shape-mismatch', `"${twice}" is both an input and a constant of the step`)
  }
  return { ...inputs, ...constants }
}

/** Starts tfjs's default backend where none was chosen yet, so that there is one to return to. */
function activeBackend(): string {
  tf.backend()
  return tf.getBackend()
}

function checked(results: unknown): Record<string, tf.Tensor> {
  if (results instanceof Promise) {
    results.catch(() => undefined)
    throw new FedError('untraceable', 'the step is asynchronous: it returned a promise', {
      fix: 'Write the step as a plain function without await.',
    })
  }
  for (const [name, value] of Object.entries(results as object)) {
    if (value instanceof tf.Tensor) continue
    throw new FedError('untraceable', `the step's output "${name}" is not a tensor`, {
      fix: 'Return an object of tensors, such as { loss, gradient }.',
    })
  }
  return results as Record<string, tf.Tensor>
}
