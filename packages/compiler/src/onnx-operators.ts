import { type Dtype, type GraphNode, sizeOf } from './graph.ts'
import type { OnnxAttribute } from './onnx-schema.ts'

/** What differs between execution providers. */
export interface OnnxTarget {
  /** Has the contributed operator FusedMatMul; without it batched products are transposed and scaled one by one. */
  readonly fusedMatmul: boolean
  /** Transposes on one core, but gathers on all: so transposes that keep whole rows are written as gathers. */
  readonly gatherRows: boolean
  /** Has the contributed operator RotaryEmbedding. */
  readonly rotary: boolean
}

/** What an operator's translation may write; every method returns the name of a value. */
export interface OnnxEmitter {
  readonly target: OnnxTarget
  node(opType: string, inputs: readonly string[], attributes?: Readonly<Record<string, OnnxAttribute>>): string
  contrib(opType: string, inputs: readonly string[], attributes: Readonly<Record<string, OnnxAttribute>>): string
  /** A vector of int64: shapes, axes, starts. */
  ints(values: readonly number[]): string
  scalar(value: number, dtype: Dtype): string
  /** A vector of int32: indices. */
  indices(values: readonly number[]): string
  /** The vector [a, b, …] of float32. */
  floats(values: readonly number[]): string
}

export type OnnxOperator = (emit: OnnxEmitter, inputs: readonly string[], node: GraphNode) => string

const ONNX_INT32 = 6

const attr = <T>(node: GraphNode, name: string): T => node.attributes[name] as T
const list = (node: GraphNode, name: string): readonly number[] => attr(node, name)

/** Operators that are one ONNX operator with the same inputs and no attributes. */
const direct =
  (opType: string): OnnxOperator =>
  (emit, inputs) =>
    emit.node(opType, inputs)

const reduction =
  (opType: string): OnnxOperator =>
  (emit, [x], node) =>
    emit.node(opType, [x!, emit.ints(list(node, 'axes'))], { keepdims: attr<boolean>(node, 'keepDims') })

const argReduction =
  (opType: string): OnnxOperator =>
  (emit, inputs, node) => {
    const index = emit.node(opType, inputs, { axis: attr<number>(node, 'axis'), keepdims: 0 })
    return emit.node('Cast', [index], { to: ONNX_INT32 })
  }

const alongAxis =
  (opType: string): OnnxOperator =>
  (emit, inputs, node) =>
    emit.node(opType, inputs, { axis: attr<number>(node, 'axis') })

const matmul: OnnxOperator = (emit, inputs, node) => {
  const { transposeA, transposeB, alpha } = node.attributes
  if (!transposeA && !transposeB && alpha === 1) return emit.node('MatMul', inputs)
  const attributes = productAttributes(node)
  if (node.inputs.every(({ shape }) => shape.length === 2)) return emit.node('Gemm', inputs, attributes)
  return emit.target.fusedMatmul ? emit.contrib('FusedMatMul', inputs, attributes) : plainMatmul(emit, inputs, node)
}

const productAttributes = ({ attributes }: GraphNode): Readonly<Record<string, OnnxAttribute>> => ({
  transA: attributes.transposeA as boolean,
  transB: attributes.transposeB as boolean,
  alpha: { float: attributes.alpha as number },
})

const plainMatmul: OnnxOperator = (emit, inputs, node) => {
  const { transposeA, transposeB, alpha } = node.attributes
  const turned = [transposeA, transposeB].map((swap, i) => {
    const axes = node.inputs[i]!.shape.map((_, axis) => axis)
    return swap
      ? emit.node('Transpose', [inputs[i]!], { perm: [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!] })
      : inputs[i]!
  })
  const product = emit.node('MatMul', turned)
  return alpha === 1 ? product : emit.node('Mul', [product, emit.scalar(alpha as number, node.dtype)])
}

const matmulAdd: OnnxOperator = (emit, inputs, node) => emit.node('Gemm', inputs, productAttributes(node))

const slice: OnnxOperator = (emit, [x], node) => {
  const source = node.inputs[0]!.shape
  const [begin, strides] = [list(node, 'begin'), list(node, 'strides')]
  const axes = source.map((_, axis) => axis).filter((axis) => source[axis] !== node.shape[axis] || strides[axis] !== 1)
  const pick = (values: readonly number[]): string => emit.ints(axes.map((axis) => values[axis]!))
  // An end before the first element is written as −length − 1: −1 would mean the last one.
  const ends = source.map((dim, axis) => {
    const end = begin[axis]! + node.shape[axis]! * strides[axis]!
    return end < 0 ? -dim - 1 : end
  })
  return emit.node('Slice', [x!, pick(begin), pick(ends), emit.ints(axes), pick(strides)])
}

/** Shorter rows than this are moved faster by a transpose. */
const ROW_ELEMENTS = 16

const transpose: OnnxOperator = (emit, [x], node) => {
  const source = node.inputs[0]!.shape
  const perm = list(node, 'perm')
  const row = source.at(-1) ?? 0
  if (!emit.target.gatherRows || perm.at(-1) !== perm.length - 1 || row < ROW_ELEMENTS) {
    return emit.node('Transpose', [x!], { perm })
  }
  const order = emit.indices(transposedRows(source.slice(0, -1), perm))
  const rows = emit.node('Reshape', [x!, emit.ints([sizeOf(source) / row, row])])
  return emit.node('Reshape', [emit.node('Gather', [rows, order], { axis: 0 }), emit.ints(node.shape)])
}

/** For each row of the transposed tensor, in order, the number of the row it was. */
function transposedRows(dims: readonly number[], perm: readonly number[]): number[] {
  let rows = [0]
  for (const axis of perm.slice(0, -1)) {
    const stride = sizeOf(dims.slice(axis + 1))
    rows = rows.flatMap((row) => Array.from({ length: dims[axis]! }, (_, i) => row + i * stride))
  }
  return rows
}

/** x [B, T, heads, D] turned by the tables c and s, [1, T, 1, D / 2]. */
const rotary: OnnxOperator = (emit, [x, c, s], node) => {
  if (!emit.target.rotary) return plainRotary(emit, [x!, c!, s!], node)
  const [batch, tokens, heads, dim] = node.shape as [number, number, number, number]
  const rows = emit.node('Reshape', [x!, emit.ints([batch, tokens, heads * dim])])
  const tables = [c!, s!].map((table) => emit.node('Reshape', [table, emit.ints([tokens, dim / 2])]))
  return emit.node('Reshape', [
    emit.contrib('RotaryEmbedding', [rows, emit.ints([0]), ...tables], {}),
    emit.ints(node.shape),
  ])
}

const plainRotary: OnnxOperator = (emit, [x, c, s], node) => {
  const half = node.shape[3]! / 2
  const part = (from: number): string =>
    emit.node('Slice', [x!, emit.ints([from]), emit.ints([from + half]), emit.ints([3])])
  const [a, b] = [part(0), part(half)]
  const times = (l: string, r: string): string => emit.node('Mul', [l, r])
  const first = emit.node('Sub', [times(a, c!), times(b, s!)])
  const second = emit.node('Add', [times(b, c!), times(a, s!)])
  return emit.node('Concat', [first, second], { axis: 3 })
}

/** ONNX Runtime selects between numbers only. */
const select: OnnxOperator = (emit, [condition, yes, no], node) => {
  if (node.dtype !== 'bool') return emit.node('Where', [condition!, yes!, no!])
  const number = (value: string): string => emit.node('Cast', [value], { to: ONNX_INT32 })
  return emit.node('Cast', [emit.node('Where', [condition!, number(yes!), number(no!)])], { to: CAST_TO.bool })
}

const CAST_TO: Readonly<Record<Dtype, number>> = { float32: 1, int32: ONNX_INT32, bool: 9 }

const zeros = (emit: OnnxEmitter, node: GraphNode): string =>
  emit.node('Expand', [emit.scalar(0, node.dtype), emit.ints(node.shape)])

/** How each operator of the graph is said in ONNX (opset 18). */
export const onnxOperators: Readonly<Record<string, OnnxOperator>> = {
  neg: direct('Neg'),
  abs: direct('Abs'),
  sign: direct('Sign'),
  exp: direct('Exp'),
  log: direct('Log'),
  sqrt: direct('Sqrt'),
  reciprocal: direct('Reciprocal'),
  floor: direct('Floor'),
  ceil: direct('Ceil'),
  round: direct('Round'),
  erf: direct('Erf'),
  relu: direct('Relu'),
  sin: direct('Sin'),
  cos: direct('Cos'),
  tan: direct('Tan'),
  asin: direct('Asin'),
  acos: direct('Acos'),
  atan: direct('Atan'),
  sinh: direct('Sinh'),
  cosh: direct('Cosh'),
  tanh: direct('Tanh'),
  asinh: direct('Asinh'),
  acosh: direct('Acosh'),
  atanh: direct('Atanh'),
  sigmoid: direct('Sigmoid'),
  softplus: direct('Softplus'),
  not: direct('Not'),
  isNaN: direct('IsNaN'),
  isInf: direct('IsInf'),
  add: direct('Add'),
  sub: direct('Sub'),
  mul: direct('Mul'),
  div: direct('Div'),
  mod: (emit, inputs) => emit.node('Mod', inputs, { fmod: 1 }),
  pow: direct('Pow'),
  maximum: direct('Max'),
  minimum: direct('Min'),
  equal: direct('Equal'),
  less: direct('Less'),
  lessEqual: direct('LessOrEqual'),
  greater: direct('Greater'),
  greaterEqual: direct('GreaterOrEqual'),
  and: direct('And'),
  or: direct('Or'),
  select,
  cast: (emit, inputs, node) => emit.node('Cast', inputs, { to: CAST_TO[node.dtype] }),
  matmul,
  matmulAdd,
  sum: reduction('ReduceSum'),
  mean: reduction('ReduceMean'),
  max: reduction('ReduceMax'),
  min: reduction('ReduceMin'),
  prod: reduction('ReduceProd'),
  argMax: argReduction('ArgMax'),
  argMin: argReduction('ArgMin'),
  softmax: alongAxis('Softmax'),
  cumsum: (emit, [x], node) => {
    const { exclusive, reverse } = node.attributes as { exclusive: boolean; reverse: boolean }
    return emit.node('CumSum', [x!, emit.scalar(attr(node, 'axis'), 'int32')], { exclusive, reverse })
  },
  reshape: (emit, [x], node) => emit.node('Reshape', [x!, emit.ints(node.shape)]),
  transpose,
  rotary,
  expand: (emit, [x], node) => emit.node('Expand', [x!, emit.ints(node.shape)]),
  slice,
  concat: alongAxis('Concat'),
  pad: (emit, [x], node) => {
    const pads = emit.ints([...list(node, 'before'), ...list(node, 'after')])
    return emit.node('Pad', [x!, pads, emit.scalar(attr(node, 'value'), node.dtype)])
  },
  tile: (emit, [x], node) => emit.node('Tile', [x!, emit.ints(list(node, 'repeats'))]),
  gather: alongAxis('Gather'),
  oneHot: (emit, [indices], node) => {
    const values = emit.floats([attr(node, 'off'), attr(node, 'on')])
    return emit.node('OneHot', [indices!, emit.scalar(attr(node, 'depth'), 'int32'), values], { axis: -1 })
  },
  // ScatterElements adds one after the other; ScatterND adds from several threads, in an order that does not repeat.
  scatterAdd: (emit, [x, indices], node) =>
    emit.node('ScatterElements', [zeros(emit, node), indices!, x!], { axis: 0, reduction: 'add' }),
}
