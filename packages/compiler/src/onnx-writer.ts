import { FedError } from '@tessera/vocabulary'
import { type Dtype, type Graph, type GraphNode, inOrder } from './graph.ts'
import { type OnnxEmitter, type OnnxTarget, onnxOperators } from './onnx-operators.ts'
import { DATA_TYPE, encodeModel, type OnnxNode, type OnnxTensor, type OnnxValue } from './onnx-schema.ts'

export interface OnnxModel {
  /** The .onnx file. The same graph gives the same bytes. */
  readonly bytes: Uint8Array
  /** Names of the inputs that the graph reads; the others of the signature are not part of the model. */
  readonly inputs: readonly string[]
  /** Names of the inputs that became initializers, whose bytes the session is given beside the model. */
  readonly external: readonly string[]
}

export interface WriteOptions extends OnnxTarget {
  /** Inputs to write as initializers: they never change, and a device can keep them. */
  readonly external: ReadonlySet<string>
}

export const PLAIN: WriteOptions = { fusedMatmul: true, gatherRows: true, rotary: true, external: new Set() }

/** The step's names carry a prefix, so that they can not collide with each other or with intermediate values. */
export const outputName = (name: string): string => `out/${name}`
export const inputName = (name: string): string => `in/${name}`
/** The file name by which a model asks for the bytes of an external input. */
export const externalFile = (name: string): string => `external/${name}`

/** Writes a graph as an ONNX model; node names follow the graph's order and nothing else. */
export function writeOnnx(graph: Graph, options: WriteOptions = PLAIN): OnnxModel {
  const draft = new Draft(options)
  const order = inOrder(Object.values(graph.outputs))
  const names = new Map<GraphNode, string>()
  for (const node of order)
    names.set(
      node,
      draft.add(
        node,
        node.inputs.map((input) => names.get(input)!),
      ),
    )
  for (const [name, node] of Object.entries(graph.outputs)) draft.output(outputName(name), names.get(node)!, node)
  const used = new Set(order)
  const read = graph.inputs.filter((input) => used.has(input))
  const isExternal = ({ name }: GraphNode): boolean => options.external.has(name!)
  const inputs = read.filter((input) => !isExternal(input))
  return {
    bytes: encodeModel({
      nodes: draft.nodes,
      initializers: draft.initializers,
      inputs: inputs.map((input) => describeValue(inputName(input.name!), input)),
      outputs: draft.outputs,
    }),
    inputs: inputs.map((input) => input.name!),
    external: read.filter(isExternal).map((input) => input.name!),
  }
}

const describeValue = (name: string, node: GraphNode): OnnxValue => ({
  name,
  shape: node.shape,
  dataType: DATA_TYPE[node.dtype],
})

/** The model while it is written. */
class Draft implements OnnxEmitter {
  readonly nodes: OnnxNode[] = []
  readonly initializers: OnnxTensor[] = []
  readonly outputs: OnnxValue[] = []
  readonly target: WriteOptions
  readonly #literals = new Map<string, string>()

  constructor(target: WriteOptions) {
    this.target = target
  }

  /** The name of the value of `node`, whose inputs have the names `inputs`. */
  add(node: GraphNode, inputs: readonly string[]): string {
    if (node.op === 'input') return this.#input(node, node.name!)
    if (node.op === 'constant') return this.#tensor(node.shape, DATA_TYPE[node.dtype], bytesOf(node.data!))
    if (node.op === 'splat') return this.#splat(node)
    const write = onnxOperators[node.op]
    if (!write) throw new FedError('untraceable', `the graph's operator "${node.op}" has no ONNX translation`)
    return write(this, inputs, node)
  }

  /** Outputs are copies by name: one value may be two outputs, or an input; the runtime removes what it can. */
  output(name: string, value: string, node: GraphNode): void {
    this.nodes.push({ opType: 'Identity', input: [value], output: [name], attributes: {} })
    this.outputs.push(describeValue(name, node))
  }

  node(opType: string, input: readonly string[], attributes: OnnxNode['attributes'] = {}): string {
    const name = `v${this.nodes.length}`
    this.nodes.push({ opType, input, output: [name], attributes })
    return name
  }

  contrib(opType: string, input: readonly string[], attributes: OnnxNode['attributes']): string {
    const name = `v${this.nodes.length}`
    this.nodes.push({ opType, domain: 'com.microsoft', input, output: [name], attributes })
    return name
  }

  ints(values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt)
    return this.#shared(`int64:${values.join()}`, [values.length], DATA_TYPE.int64, bytesOf(data))
  }

  indices(values: readonly number[]): string {
    const data = Int32Array.from(values)
    return this.#shared(`int32:${values.join()}`, [values.length], DATA_TYPE.int32, bytesOf(data))
  }

  floats(values: readonly number[]): string {
    const data = Float32Array.from(values)
    return this.#shared(`float32:${values.join()}`, [values.length], DATA_TYPE.float32, bytesOf(data))
  }

  scalar(value: number, dtype: Dtype): string {
    return this.#shared(
      `${dtype}:${Object.is(value, -0) ? '-0' : value}`,
      [],
      DATA_TYPE[dtype],
      scalarBytes(value, dtype),
    )
  }

  #input(node: GraphNode, name: string): string {
    if (!this.target.external.has(name)) return inputName(name)
    return this.#tensor(node.shape, DATA_TYPE[node.dtype], externalFile(name))
  }

  #splat(node: GraphNode): string {
    const value = this.scalar(node.attributes.value as number, node.dtype)
    return node.shape.length === 0 ? value : this.node('Expand', [value, this.ints(node.shape)])
  }

  #shared(key: string, dims: readonly number[], dataType: number, data: Uint8Array): string {
    const name = this.#literals.get(`${dims.length}/${key}`) ?? this.#tensor(dims, dataType, data)
    this.#literals.set(`${dims.length}/${key}`, name)
    return name
  }

  #tensor(dims: readonly number[], dataType: number, data: Uint8Array | string): string {
    const name = `c${this.initializers.length}`
    this.initializers.push({ name, dims, dataType, data })
    return name
  }
}

const bytesOf = (data: ArrayBufferView): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

function scalarBytes(value: number, dtype: Dtype): Uint8Array {
  if (dtype === 'float32') return bytesOf(Float32Array.of(value))
  return dtype === 'int32' ? bytesOf(Int32Array.of(value)) : Uint8Array.of(value)
}
