import * as tf from '@tensorflow/tfjs'
import type { GraphNode } from '../graph.ts'
import { axesOf, concat, pad, reshape, slice, tile, transpose } from '../ops.ts'
import { type KernelRule, rule } from './rule.ts'

/** With a new axis of one element at `axis`; −1 is after the last. */
const withAxis = (x: GraphNode, axis: number): GraphNode => {
  const at = axis < 0 ? axis + x.shape.length + 1 : axis
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)])
}

/** `size` elements from `begin` on one axis, all of the others. */
function along(x: GraphNode, axis: number, begin: number, size: number): GraphNode {
  const begins = x.shape.map((_, i) => (i === axis ? begin : 0))
  const sizes = x.shape.map((dim, i) => (i === axis ? size : dim))
  return slice(x, begins, sizes)
}

function split(x: GraphNode, { numOrSizeSplits, axis }: tf.SplitVAttrs): GraphNode[] {
  const [at] = axesOf(axis, x.shape.length) as [number]
  const length = x.shape[at]!
  const sizes =
    typeof numOrSizeSplits === 'number'
      ? Array.from({ length: numOrSizeSplits }, () => length / numOrSizeSplits)
      : numOrSizeSplits
  const known = sizes.filter((size) => size !== -1).reduce((sum, size) => sum + size, 0)
  let begin = 0
  return sizes.map((size) => {
    const taken = size === -1 ? length - known : size
    const part = along(x, at, begin, taken)
    begin += taken
    return part
  })
}

function unpack(x: GraphNode, axis: number): GraphNode[] {
  const [at] = axesOf(axis, x.shape.length) as [number]
  const shape = x.shape.filter((_, i) => i !== at)
  return Array.from({ length: x.shape[at]! }, (_, index) => reshape(along(x, at, index, 1), shape))
}

function stridedSlice(x: GraphNode, attrs: tf.StridedSliceAttrs): GraphNode {
  const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attrs
  const plan = tf.slice_util.sliceInfo(
    [...x.shape],
    begin,
    end,
    strides,
    beginMask,
    endMask,
    ellipsisMask,
    newAxisMask,
    shrinkAxisMask,
  )
  const sizes = tf.slice_util.computeOutShape(plan.begin, plan.end, plan.strides)
  return reshape(slice(x, plan.begin, sizes, plan.strides), plan.finalShape)
}

function reverse(x: GraphNode, dims: number | number[]): GraphNode {
  const axes = axesOf(dims, x.shape.length)
  const turned = (axis: number): boolean => axes.includes(axis)
  const begin = x.shape.map((dim, i) => (turned(i) ? dim - 1 : 0))
  const strides = x.shape.map((_, i) => (turned(i) ? -1 : 1))
  return slice(x, begin, x.shape, strides)
}

/** Kernels that move elements without looking at them. */
export const shapes: readonly KernelRule[] = [
  rule('Identity', ({ x }) => x),
  rule<tf.ReshapeAttrs>('Reshape', ({ x }, { shape }) => reshape(x, shape)),
  rule<tf.ExpandDimsAttrs>('ExpandDims', ({ input }, { dim }) => withAxis(input, dim)),
  rule<tf.TransposeAttrs>('Transpose', ({ x }, { perm }) => transpose(x, perm)),
  rule<tf.TileAttrs>('Tile', ({ x }, { reps }) => tile(x, reps)),
  rule<tf.SliceAttrs>('Slice', ({ x }, { begin, size }) => {
    const [begins, sizes] = tf.slice_util.parseSliceParams({ ...x, shape: [...x.shape] } as never, begin, size)
    return slice(x, begins, sizes)
  }),
  rule<tf.StridedSliceAttrs>('StridedSlice', ({ x }, attrs) => stridedSlice(x, attrs)),
  rule<tf.ReverseAttrs>('Reverse', ({ x }, { dims }) => reverse(x, dims)),
  rule<tf.ConcatAttrs>('Concat', (parts, { axis }) => concat(Object.values(parts), axis)),
  rule<tf.SplitVAttrs>('SplitV', ({ x }, attrs) => split(x, attrs)),
  rule<tf.PackAttrs>('Pack', (parts, { axis }) =>
    concat(
      Object.values(parts).map((part) => withAxis(part, axis)),
      axis,
    ),
  ),
  rule<tf.UnpackAttrs>('Unpack', ({ value }, { axis }) => unpack(value, axis)),
  rule<tf.PadV2Attrs>('PadV2', ({ x }, { paddings, constantValue }) =>
    pad(
      x,
      paddings.map(([before]) => before),
      paddings.map(([, after]) => after),
      constantValue,
    ),
  ),
]
