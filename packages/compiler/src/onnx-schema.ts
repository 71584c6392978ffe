import protobuf from 'protobufjs'

/**
 * The messages of onnx.proto3 that the writer uses, with the field numbers of the standard
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 */
const DESCRIPTOR = {
  nested: {
    ModelProto: {
      fields: {
        irVersion: { type: 'int64', id: 1 },
        producerName: { type: 'string', id: 2 },
        graph: { type: 'GraphProto', id: 7 },
        opsetImport: { rule: 'repeated', type: 'OperatorSetIdProto', id: 8 },
      },
    },
    OperatorSetIdProto: { fields: { domain: { type: 'string', id: 1 }, version: { type: 'int64', id: 2 } } },
    GraphProto: {
      fields: {
        node: { rule: 'repeated', type: 'NodeProto', id: 1 },
        name: { type: 'string', id: 2 },
        initializer: { rule: 'repeated', type: 'TensorProto', id: 5 },
        input: { rule: 'repeated', type: 'ValueInfoProto', id: 11 },
        output: { rule: 'repeated', type: 'ValueInfoProto', id: 12 },
      },
    },
    NodeProto: {
      fields: {
        input: { rule: 'repeated', type: 'string', id: 1 },
        output: { rule: 'repeated', type: 'string', id: 2 },
        name: { type: 'string', id: 3 },
        opType: { type: 'string', id: 4 },
        attribute: { rule: 'repeated', type: 'AttributeProto', id: 5 },
        domain: { type: 'string', id: 7 },
      },
    },
    AttributeProto: {
      fields: {
        name: { type: 'string', id: 1 },
        f: { type: 'float', id: 2 },
        i: { type: 'int64', id: 3 },
        s: { type: 'bytes', id: 4 },
        ints: { rule: 'repeated', type: 'int64', id: 8 },
        type: { type: 'int32', id: 20 },
      },
    },
    TensorProto: {
      fields: {
        dims: { rule: 'repeated', type: 'int64', id: 1 },
        dataType: { type: 'int32', id: 2 },
        name: { type: 'string', id: 8 },
        rawData: { type: 'bytes', id: 9 },
        externalData: { rule: 'repeated', type: 'StringStringEntryProto', id: 13 },
        dataLocation: { type: 'int32', id: 14 },
      },
    },
    StringStringEntryProto: { fields: { key: { type: 'string', id: 1 }, value: { type: 'string', id: 2 } } },
    ValueInfoProto: { fields: { name: { type: 'string', id: 1 }, type: { type: 'TypeProto', id: 2 } } },
    TypeProto: { fields: { tensorType: { type: 'TensorTypeProto', id: 1 } } },
    TensorTypeProto: {
      fields: { elemType: { type: 'int32', id: 1 }, shape: { type: 'TensorShapeProto', id: 2 } },
    },
    TensorShapeProto: { fields: { dim: { rule: 'repeated', type: 'DimensionProto', id: 1 } } },
    DimensionProto: { fields: { dimValue: { type: 'int64', id: 1 } } },
  },
}

/** TensorProto.DataType. */
export const DATA_TYPE = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 } as const

/** AttributeProto.AttributeType. */
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 } as const

export type OnnxAttribute = number | boolean | string | readonly number[] | { readonly float: number }

export interface OnnxNode {
  readonly opType: string
  readonly domain?: string
  readonly input: readonly string[]
  readonly output: readonly string[]
  readonly attributes: Readonly<Record<string, OnnxAttribute>>
}

export interface OnnxTensor {
  readonly name: string
  readonly dims: readonly number[]
  readonly dataType: number
  /** Its bytes, or the name of the file that holds them (given to the session beside the model). */
  readonly data: Uint8Array | string
}

export interface OnnxValue {
  readonly name: string
  readonly shape: readonly number[]
  readonly dataType: number
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[]
  readonly initializers: readonly OnnxTensor[]
  readonly inputs: readonly OnnxValue[]
  readonly outputs: readonly OnnxValue[]
}

const OPSETS = [
  { domain: '', version: 18 },
  { domain: 'com.microsoft', version: 1 },
]
const IR_VERSION = 9

let model: protobuf.Type | undefined

/** The bytes of an .onnx file; equal graphs have equal bytes. */
export function encodeModel(graph: OnnxGraph): Uint8Array {
  model ??= protobuf.Root.fromJSON(DESCRIPTOR).lookupType('ModelProto')
  const message = {
    irVersion: IR_VERSION,
    producerName: 'tessera',
    opsetImport: OPSETS,
    graph: {
      name: 'step',
      node: graph.nodes.map(({ attributes, ...node }, index) => ({
        ...node,
        name: `${node.opType}_${index}`,
        attribute: Object.entries(attributes).map(([name, value]) => ({ name, ...encodedAttribute(value) })),
      })),
      initializer: graph.initializers.map(({ data, ...tensor }) => ({ ...tensor, ...encodedData(data) })),
      input: graph.inputs.map(valueInfo),
      output: graph.outputs.map(valueInfo),
    },
  }
  return model.encode(model.fromObject(message)).finish()
}

const EXTERNAL = 1

const encodedData = (data: Uint8Array | string): object =>
  typeof data === 'string'
    ? { externalData: [{ key: 'location', value: data }], dataLocation: EXTERNAL }
    : { rawData: data }

function encodedAttribute(value: OnnxAttribute): object {
  if (typeof value === 'string') return { type: ATTRIBUTE_TYPE.string, s: new TextEncoder().encode(value) }
  if (typeof value === 'number') return { type: ATTRIBUTE_TYPE.int, i: value }
  if (typeof value === 'boolean') return { type: ATTRIBUTE_TYPE.int, i: value ? 1 : 0 }
  if ('float' in value) return { type: ATTRIBUTE_TYPE.float, f: value.float }
  return { type: ATTRIBUTE_TYPE.ints, ints: value }
}

const valueInfo = ({ name, shape, dataType }: OnnxValue): object => ({
  name,
  type: { tensorType: { elemType: dataType, shape: { dim: shape.map((dimValue) => ({ dimValue })) } } },
})
