import { type GraphNode, sameShape, sizeOf } from '../graph.ts'
import { broadcastShape, expand, splat } from '../ops.ts'
import { isElementwise, matrixBroadcast } from './elementwise-ops.ts'
import type { Rewrite } from './rewrite.ts'

/** What `node` was before it was stretched to its shape. */
function unstretched(node: GraphNode): GraphNode {
  if (node.op === 'expand') return node.inputs[0]!
  if (node.op === 'splat' && node.shape.length > 0) return splat(node.attributes.value as number, [], node.dtype)
  return node
}

/**
 * f(stretch(a), b) = stretch(f(a, b)) for elementwise f: operators broadcast by themselves, so operands are never
 * stretched in memory, and where all operands are small the operator itself runs on the small shape.
 */
export const broadcastLate: Rewrite = (node) => {
  if (!isElementwise(node)) return node
  const inputs = node.inputs.map(unstretched)
  if (inputs.every((input, i) => input === node.inputs[i])) return node
  const shape = broadcastShape(...inputs.map((input) => input.shape))
  const small: GraphNode = { ...node, inputs, shape }
  return sameShape(shape, node.shape) ? small : expand(small, node.shape)
}

/** The batch axes of a matrix product broadcast too. */
export const broadcastInMatmul: Rewrite = (node) => {
  if (node.op !== 'matmul') return node
  const inputs = node.inputs.map((input) => {
    const small = input.op === 'expand' ? input.inputs[0]! : input
    const sameMatrix = small.shape.length >= 2 && sameShape(small.shape.slice(-2), input.shape.slice(-2))
    return sameMatrix ? small : input
  })
  if (inputs.every((input, i) => input === node.inputs[i])) return node
  const small = { ...node, inputs }
  return sameShape(matrixBroadcast(small), node.shape.slice(0, -2)) ? small : node
}

/** Stretching nothing, twice, or a splat. */
export const simplifyExpand: Rewrite = (node) => {
  if (node.op !== 'expand') return node
  const x = node.inputs[0]!
  if (sameShape(x.shape, node.shape)) return x
  if (x.op === 'expand') return expand(x.inputs[0]!, node.shape)
  if (x.op === 'splat') return splat(x.attributes.value as number, node.shape, node.dtype)
  return node
}

/** tile of axes of length 1 is a stretch. */
export const tileAsExpand: Rewrite = (node) => {
  if (node.op !== 'tile') return node
  const x = node.inputs[0]!
  const repeats = node.attributes.repeats as readonly number[]
  return repeats.every((repeat, i) => repeat === 1 || x.shape[i] === 1) && sizeOf(node.shape) > 0
    ? expand(x, node.shape)
    : node
}
