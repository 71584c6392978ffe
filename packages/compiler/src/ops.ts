import { type Dtype, type GraphNode, type Shape, sizeOf } from './graph.ts'

/**
 * Constructors of graph nodes, one per operator or family: they infer shape and element type and accept the axes a
 * person writes (negative, a single number, absent), so that every other file sees them normalised.
 */

export const constant = (data: NonNullable<GraphNode['data']>, shape: Shape, dtype: Dtype): GraphNode => ({
  op: 'constant',
  inputs: [],
  attributes: {},
  shape,
  dtype,
  data,
})

/** A tensor whose elements are all `value`; it is never stored at full size. */
export const splat = (value: number, shape: Shape, dtype: Dtype): GraphNode => ({
  op: 'splat',
  inputs: [],
  attributes: { value },
  shape,
  dtype,
})

export const input = (name: string, shape: Shape, dtype: Dtype): GraphNode => ({
  op: 'input',
  inputs: [],
  attributes: {},
  shape,
  dtype,
  name,
})

export const unary = (op: string, x: GraphNode, dtype: Dtype = x.dtype): GraphNode => ({
  op,
  inputs: [x],
  attributes: {},
  shape: x.shape,
  dtype,
})

/** NumPy broadcasting: shapes are aligned at their last axis, 1 stretches. The callers' shapes were checked by tfjs. */
export function broadcastShape(...shapes: readonly Shape[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length))
  return Array.from({ length: rank }, (_, axis) => {
    const dims = shapes.map((shape) => shape[shape.length - rank + axis] ?? 1)
    return dims.find((dim) => dim !== 1) ?? 1
  })
}

export const binary = (op: string, a: GraphNode, b: GraphNode, dtype: Dtype = a.dtype): GraphNode => ({
  op,
  inputs: [a, b],
  attributes: {},
  shape: broadcastShape(a.shape, b.shape),
  dtype,
})

export const compare = (op: string, a: GraphNode, b: GraphNode): GraphNode => binary(op, a, b, 'bool')

export const select = (condition: GraphNode, yes: GraphNode, no: GraphNode): GraphNode => ({
  op: 'select',
  inputs: [condition, yes, no],
  attributes: {},
  shape: broadcastShape(condition.shape, yes.shape, no.shape),
  dtype: yes.dtype,
})

export const cast = (x: GraphNode, dtype: Dtype): GraphNode => (x.dtype === dtype ? x : unary('cast', x, dtype))

/** A scalar of the element type of `like`; it broadcasts. */
export const scalarLike = (value: number, like: GraphNode): GraphNode => splat(value, [], like.dtype)

/** alpha · op(a) · op(b) over the last two axes; the leading ones broadcast. */
export function matmul(a: GraphNode, b: GraphNode, flags: MatmulFlags = {}): GraphNode {
  const { transposeA = false, transposeB = false, alpha = 1 } = flags
  const rows = a.shape[a.shape.length - (transposeA ? 1 : 2)]!
  const cols = b.shape[b.shape.length - (transposeB ? 2 : 1)]!
  const shape = [...broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2)), rows, cols]
  return { op: 'matmul', inputs: [a, b], attributes: { transposeA, transposeB, alpha }, shape, dtype: 'float32' }
}

export interface MatmulFlags {
  readonly transposeA?: boolean
  readonly transposeB?: boolean
  readonly alpha?: number
}

export type Reduction = 'sum' | 'mean' | 'max' | 'min' | 'prod'

export type AxisArgument = number | readonly number[] | null | undefined

/** Sorted, non-negative, without repetition; absent means every axis. */
export function axesOf(axis: AxisArgument, rank: number): number[] {
  if (axis === undefined || axis === null) return Array.from({ length: rank }, (_, i) => i)
  const list = typeof axis === 'number' ? [axis] : axis
  return [...new Set(list.map((a) => (a < 0 ? a + rank : a)))].sort((a, b) => a - b)
}

export function reduce(op: Reduction, x: GraphNode, axis: AxisArgument, keepDims = false): GraphNode {
  const axes = axesOf(axis, x.shape.length)
  const kept = x.shape.map((dim, i) => (axes.includes(i) ? 1 : dim))
  const shape = keepDims ? kept : x.shape.filter((_, i) => !axes.includes(i))
  return { op, inputs: [x], attributes: { axes, keepDims }, shape, dtype: x.dtype }
}

export function argReduce(op: 'argMax' | 'argMin', x: GraphNode, axis: number): GraphNode {
  const [along] = axesOf(axis, x.shape.length) as [number]
  const shape = x.shape.filter((_, i) => i !== along)
  return { op, inputs: [x], attributes: { axis: along }, shape, dtype: 'int32' }
}

/** softmax: the shape stays. */
export const alongAxis = (op: string, x: GraphNode, axis: number): GraphNode => ({
  op,
  inputs: [x],
  attributes: { axis: axesOf(axis, x.shape.length)[0]! },
  shape: x.shape,
  dtype: x.dtype,
})

export const cumulate = (x: GraphNode, axis: number, exclusive: boolean, reverse: boolean): GraphNode => ({
  op: 'cumsum',
  inputs: [x],
  attributes: { axis: axesOf(axis, x.shape.length)[0]!, exclusive, reverse },
  shape: x.shape,
  dtype: x.dtype,
})

/** One dimension of `shape` may be −1: it is what is left. */
export function reshape(x: GraphNode, shape: Shape): GraphNode {
  const known = sizeOf(shape.filter((dim) => dim !== -1))
  const full = shape.map((dim) => (dim === -1 ? sizeOf(x.shape) / known : dim))
  return { op: 'reshape', inputs: [x], attributes: {}, shape: full, dtype: x.dtype }
}

export const transpose = (x: GraphNode, perm: readonly number[]): GraphNode => ({
  op: 'transpose',
  inputs: [x],
  attributes: { perm },
  shape: perm.map((axis) => x.shape[axis]!),
  dtype: x.dtype,
})

export const expand = (x: GraphNode, shape: Shape): GraphNode => ({
  op: 'expand',
  inputs: [x],
  attributes: {},
  shape,
  dtype: x.dtype,
})

/** Elements begin, begin + stride, … of each axis, `size` of them; a negative stride walks backwards. */
export function slice(
  x: GraphNode,
  begin: readonly number[],
  size: readonly number[],
  strides: readonly number[] = begin.map(() => 1),
): GraphNode {
  return { op: 'slice', inputs: [x], attributes: { begin, strides }, shape: size, dtype: x.dtype }
}

export function concat(parts: readonly GraphNode[], axis: number): GraphNode {
  const first = parts[0]!
  const [along] = axesOf(axis, first.shape.length) as [number]
  const total = parts.reduce((sum, part) => sum + part.shape[along]!, 0)
  const shape = first.shape.map((dim, i) => (i === along ? total : dim))
  return { op: 'concat', inputs: parts, attributes: { axis: along }, shape, dtype: first.dtype }
}

export const pad = (x: GraphNode, before: readonly number[], after: readonly number[], value: number): GraphNode => ({
  op: 'pad',
  inputs: [x],
  attributes: { before, after, value },
  shape: x.shape.map((dim, i) => dim + before[i]! + after[i]!),
  dtype: x.dtype,
})

export const tile = (x: GraphNode, repeats: readonly number[]): GraphNode => ({
  op: 'tile',
  inputs: [x],
  attributes: { repeats },
  shape: x.shape.map((dim, i) => dim * repeats[i]!),
  dtype: x.dtype,
})

/** out[…before, …indices, …after] = x[…before, index, …after]; indices must lie in [0, x.shape[axis]). */
export function gather(x: GraphNode, indices: GraphNode, axis: number): GraphNode {
  const [along] = axesOf(axis, x.shape.length) as [number]
  const shape = [...x.shape.slice(0, along), ...indices.shape, ...x.shape.slice(along + 1)]
  return { op: 'gather', inputs: [x, cast(indices, 'int32')], attributes: { axis: along }, shape, dtype: x.dtype }
}

/** `on` at the index, `off` elsewhere, on a new last axis of `depth`; an index outside [0, depth) has no `on`. */
export const oneHot = (indices: GraphNode, depth: number, on: number, off: number): GraphNode => ({
  op: 'oneHot',
  inputs: [indices],
  attributes: { depth, on, off },
  shape: [...indices.shape, depth],
  dtype: 'float32',
})

/**
 * out[s] = sum of the rows x[n] with ids[n] = s, added in ascending n so that repeated runs give the same bytes.
 * x [N, …], ids [N] in [0, segments), out [segments, …].
 */
export function segmentSum(x: GraphNode, ids: GraphNode, segments: number): GraphNode {
  const column = reshape(cast(ids, 'int32'), [x.shape[0]!, ...x.shape.slice(1).map(() => 1)])
  const shape = [segments, ...x.shape.slice(1)]
  return { op: 'scatterAdd', inputs: [x, expand(column, x.shape)], attributes: {}, shape, dtype: x.dtype }
}
