import { type GraphNode, sameShape } from '../graph.ts'
import { unary } from '../ops.ts'
import type { Rewrite } from './rewrite.ts'

/** The factors of the two full-size products that `node` adds or subtracts. */
function productsOf(node: GraphNode): readonly (readonly GraphNode[])[] | undefined {
  const both = node.inputs.every((input) => input.op === 'mul' && sameShape(input.shape, node.shape))
  return both && node.inputs.length === 2 ? node.inputs.map(({ inputs }) => inputs) : undefined
}

/** Whether `part` is elements `from` to `from + half` of the last axis of `x`, and all of the others. */
function isHalf(part: GraphNode, x: GraphNode, from: number): boolean {
  const last = x.shape.length - 1
  if (part.op !== 'slice' || part.inputs[0] !== x) return false
  const { begin, strides } = part.attributes as Record<string, readonly number[]>
  const size = x.shape.map((dim, i) => (i === last ? dim / 2 : dim))
  return (
    sameShape(part.shape, size) && x.shape.every((_, i) => begin![i] === (i === last ? from : 0) && strides![i] === 1)
  )
}

/** A table [1, T, 1, D / 2] for x [B, T, heads, D]: the same angles for every sequence and every head. */
const isTable = ({ shape }: GraphNode, x: GraphNode): boolean => sameShape(shape, [1, x.shape[1]!, 1, x.shape[3]! / 2])

/**
 * The halves (a, b) of the last axis, turned: concat(a · c − b · s, b · c + a · s), and the same with the opposite
 * angle, are one operator that passes over x once.
 */
export const rotary: Rewrite = (node) => {
  const [first, second] = node.inputs
  if (node.op !== 'concat' || node.shape.length !== 4 || node.attributes.axis !== 3 || !first || !second) return node
  const forward = first.op === 'sub' && second.op === 'add'
  const backward = first.op === 'add' && second.op === 'sub'
  const [top, bottom] = [productsOf(first), productsOf(second)]
  if (!(forward || backward) || node.inputs.length !== 2 || !top || !bottom) return node
  const [[a, c], [b, s]] = top as [[GraphNode, GraphNode], [GraphNode, GraphNode]]
  const x = a.inputs[0]
  const expected = [b, c, a, s]
  if (!x || !sameShape(x.shape, node.shape) || !bottom.flat().every((factor, i) => factor === expected[i])) return node
  if (!isHalf(a, x, 0) || !isHalf(b, x, x.shape[3]! / 2) || !isTable(c, x) || !isTable(s, x)) return node
  return { ...node, op: 'rotary', inputs: [x, c, forward ? s : unary('neg', s)], attributes: {} }
}
