import type { GraphNode } from '../graph.ts'
import { constant, gather, reshape } from '../ops.ts'
import type { Rewrite } from './rewrite.ts'

/** Whether `part` is elements `from` to `from + half` of one axis of x, and all of the others. */
function isHalf(part: GraphNode, x: GraphNode, axis: number, from: number): boolean {
  if (part.op !== 'slice' || part.inputs[0] !== x) return false
  const begin = part.attributes.begin as readonly number[]
  const strides = part.attributes.strides as readonly number[]
  const fits = (dim: number, i: number): boolean =>
    strides[i] === 1 && (i === axis ? begin[i] === from && part.shape[i] === dim / 2 : part.shape[i] === dim)
  return x.shape.every(fits)
}

/**
 * concat(second half of x, first half of x), as rotary positions have it, is one gather of blocks: ONNX Runtime does
 * that in one parallel pass, where slices and concatenations are three passes on one core.
 */
export const swapHalves: Rewrite = (node) => {
  const [second, first] = node.inputs
  if (node.op !== 'concat' || node.inputs.length !== 2 || !first || second?.op !== 'slice') return node
  const x = second.inputs[0]!
  const axis = node.attributes.axis as number
  const half = x.shape[axis]! / 2
  if (!isHalf(second, x, axis, half) || !isHalf(first, x, axis, 0)) return node
  const blocks = reshape(x, [...x.shape.slice(0, axis), 2, half, ...x.shape.slice(axis + 1)])
  return reshape(gather(blocks, constant(Int32Array.of(1, 0), [2], 'int32'), axis), x.shape)
}
