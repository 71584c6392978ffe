import type { GraphNode } from '../graph.ts'
import { broadcastShape } from '../ops.ts'

/** Operators that work on each element on its own. */
const ELEMENTWISE: ReadonlySet<string> = new Set([
  ...['neg', 'abs', 'sign', 'exp', 'log', 'sqrt', 'reciprocal', 'floor', 'ceil', 'round', 'erf', 'relu'],
  ...['sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh'],
  ...['sigmoid', 'softplus', 'not', 'isNaN', 'isInf', 'cast'],
  ...['add', 'sub', 'mul', 'div', 'mod', 'pow', 'maximum', 'minimum'],
  ...['equal', 'less', 'lessEqual', 'greater', 'greaterEqual', 'and', 'or', 'select'],
])

export const isElementwise = (node: GraphNode): boolean => ELEMENTWISE.has(node.op)

/** The batch axes of a matrix product. */
export const matrixBroadcast = (node: GraphNode): number[] =>
  broadcastShape(node.inputs[0]!.shape.slice(0, -2), node.inputs[1]!.shape.slice(0, -2))
