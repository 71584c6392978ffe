import * as tf from '@tensorflow/tfjs'
import { FedError } from '@tessera/vocabulary'
import type { GraphNode } from './graph.ts'
import { dtypeOf } from './kernels/creation.ts'
import { kernelRules } from './kernels/index.ts'
import type { KernelRule } from './kernels/rule.ts'
import { constant, reshape, splat } from './ops.ts'

export const TRACE = 'trace'

/**
 * A tfjs backend that computes nothing: each tensor stands for a node of the graph. tfjs demands a `KernelBackend`,
 * hence the class; its state is what each tensor stands for.
 */
class TraceBackend extends tf.KernelBackend {
  readonly #nodes = new Map<object, GraphNode>()

  override numDataIds(): number {
    return this.#nodes.size
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true }
  }

  override epsilon(): number {
    return 1e-7
  }

  override floatPrecision(): 32 {
    return 32
  }

  override incRef(): void {}

  override refCount(): number {
    return 1
  }

  override disposeData(dataId: object): boolean {
    this.#nodes.delete(dataId)
    return true
  }

  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): object {
    return this.store(literal(values, shape, dtype)).dataId
  }

  override move(dataId: object, values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): void {
    this.#nodes.set(dataId, literal(values, shape, dtype))
  }

  override readSync(dataId: object): tf.backend_util.BackendValues {
    const node = this.#nodes.get(dataId)
    if (node?.op === 'constant') return node.data!
    if (node?.op === 'splat') return filled(node)
    throw new FedError(
      'untraceable',
      `a step read the value of a tensor (made by "${node?.op ?? '?'}") while compiled`,
      {
        fix: 'Return the tensor from the step and read it from the result of run(), or branch on shapes instead.',
      },
    )
  }

  override async read(dataId: object): Promise<tf.backend_util.BackendValues> {
    return this.readSync(dataId)
  }

  /** A tensor that stands for `node`. */
  store(node: GraphNode): tf.TensorInfo {
    const dataId = {}
    this.#nodes.set(dataId, node)
    return { dataId, shape: [...node.shape], dtype: node.dtype }
  }

  /**
   * What a tensor stands for. A tensor of another backend (one that the step's closure holds) is read and becomes a
   * constant; it stays where it is. Tensors may share their data under other shapes.
   */
  nodeOf(info: tf.TensorInfo): GraphNode {
    const node = this.#nodes.get(info.dataId) ?? literal(tf.engine().readSync(info.dataId), info.shape, info.dtype)
    return tf.util.arraysEqual([...node.shape], info.shape) ? node : reshape(node, info.shape)
  }
}

/** Values of the host as a node. Equal elements (ones, zeros, scalars) are kept as a single number. */
function literal(values: tf.backend_util.BackendValues, shape: readonly number[], dtype: tf.DataType): GraphNode {
  const data = values as Float32Array | Int32Array | Uint8Array
  const kind = dtypeOf(dtype)
  const first = data[0]
  if (first !== undefined && data.every((value) => Object.is(value, first))) return splat(Number(first), shape, kind)
  const copy =
    kind === 'float32' ? Float32Array.from(data) : kind === 'int32' ? Int32Array.from(data) : Uint8Array.from(data)
  return constant(copy, shape, kind)
}

function filled(node: GraphNode): tf.backend_util.BackendValues {
  const value = node.attributes.value as number
  return tf.util.makeOnesTypedArray(tf.util.sizeFromShape([...node.shape]), node.dtype).map(() => value) as Float32Array
}

function kernelOf(rule: KernelRule): tf.KernelConfig {
  return {
    kernelName: rule.kernel,
    backendName: TRACE,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const trace = backend as TraceBackend
      const nodes: Record<string, GraphNode> = {}
      for (const [name, info] of Object.entries(inputs)) if (info) nodes[name] = trace.nodeOf(info)
      const result = rule.trace(nodes, (attrs ?? {}) as never)
      return Array.isArray(result) ? result.map((node) => trace.store(node)) : trace.store(result as GraphNode)
    },
  }
}

/** tfjs exports the name of each of its kernels under that very name. */
const kernelNames = (): string[] =>
  Object.entries(tf)
    .filter(([key, value]) => key === value)
    .map(([key]) => key)

function kernelWithoutRule(kernelName: string): tf.KernelConfig {
  return {
    kernelName,
    backendName: TRACE,
    kernelFunc: () => {
      throw new FedError('untraceable', `the tfjs kernel ${kernelName} has no rule in the compiler`, {
        details: { kernel: kernelName },
        fix: `Write the step without ${kernelName}, or add a rule for it to packages/compiler/src/kernels.`,
      })
    },
  }
}

let backend: TraceBackend | undefined

/** The one trace backend of the process, registered with tfjs on first use. */
export function traceBackend(): TraceBackend {
  if (backend && tf.findBackend(TRACE) === backend) return backend
  const fresh = new TraceBackend()
  backend = fresh
  tf.registerBackend(TRACE, () => fresh, 0)
  const known = new Set(kernelRules.map((rule) => rule.kernel))
  for (const rule of kernelRules) tf.registerKernel(kernelOf(rule))
  for (const name of kernelNames()) if (!known.has(name)) tf.registerKernel(kernelWithoutRule(name))
  return fresh
}
