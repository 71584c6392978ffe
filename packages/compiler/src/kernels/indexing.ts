import type * as tf from '@tensorflow/tfjs'
import { FedError } from '@tessera/vocabulary'
import { type GraphNode, sizeOf } from '../graph.ts'
import {
  binary,
  cast,
  compare,
  constant,
  gather,
  oneHot,
  reduce,
  reshape,
  scalarLike,
  segmentSum,
  select,
} from '../ops.ts'
import { dtypeOf } from './creation.ts'
import { type KernelRule, rule } from './rule.ts'

/** Row numbers of index tuples: the last axis of `indices` counts in the mixed radix of `dims`. */
function flatIndices(indices: GraphNode, dims: readonly number[]): GraphNode {
  const weights = dims.map((_, i) => sizeOf(dims.slice(i + 1)))
  const radix = constant(Int32Array.from(weights), [weights.length], 'int32')
  return reduce('sum', binary('mul', cast(indices, 'int32'), radix), -1)
}

/** ONNX counts a negative index from the end; in tfjs it means "no row", as every index outside [0, depth) does. */
function oneHotRows(indices: GraphNode, { depth, onValue, offValue, dtype }: tf.OneHotAttrs): GraphNode {
  const flat = reshape(cast(indices, 'int32'), [sizeOf(indices.shape)])
  const outside = compare('less', flat, scalarLike(0, flat))
  const rows = oneHot(select(outside, scalarLike(depth, flat), flat), depth, onValue, offValue)
  return reshape(cast(rows, dtypeOf(dtype)), [...indices.shape, depth])
}

function gatherNd(params: GraphNode, indices: GraphNode): GraphNode {
  const depth = indices.shape[indices.shape.length - 1]!
  const [outer, inner] = [params.shape.slice(0, depth), params.shape.slice(depth)]
  return gather(reshape(params, [sizeOf(outer), ...inner]), flatIndices(indices, outer), 0)
}

function scatterNd(indices: GraphNode, updates: GraphNode, shape: readonly number[]): GraphNode {
  const depth = indices.shape[indices.shape.length - 1]!
  const [outer, inner] = [shape.slice(0, depth), shape.slice(depth)]
  const flat = flatIndices(indices, outer)
  const count = sizeOf(flat.shape)
  const rows = segmentSum(reshape(updates, [count, ...inner]), reshape(flat, [count]), sizeOf(outer))
  return reshape(rows, shape)
}

function gatherRows({ x, indices }: Readonly<Record<string, GraphNode>>, attrs: tf.GatherV2Attrs): GraphNode {
  if (attrs.batchDims === 0) return gather(x!, indices!, attrs.axis)
  throw new FedError('untraceable', `tf.gather with batchDims = ${attrs.batchDims} has no rule in the compiler`, {
    fix: 'Flatten the batch axes and gather with row offsets added to the indices.',
  })
}

/** Access by index. Indices must lie inside the axis, as eager tfjs demands too. */
export const indexing: readonly KernelRule[] = [
  rule<tf.GatherV2Attrs>('GatherV2', gatherRows),
  rule('GatherNd', ({ params, indices }) => gatherNd(params, indices)),
  rule<tf.ScatterNdAttrs>('ScatterNd', ({ indices, updates }, { shape }) => scatterNd(indices, updates, shape)),
  rule<tf.OneHotAttrs>('OneHot', ({ indices }, attrs) => oneHotRows(indices, attrs)),
  rule<tf.UnsortedSegmentSumAttrs>('UnsortedSegmentSum', ({ x, segmentIds }, { numSegments }) =>
    segmentSum(x, segmentIds, numSegments),
  ),
]
