import { type GraphNode, sameShape } from '../graph.ts'
import { binary, splat } from '../ops.ts'
import type { Rewrite } from './rewrite.ts'

const scalarOf = (node: GraphNode): number | undefined =>
  node.op === 'splat' ? (node.attributes.value as number) : undefined

const FOLD: Readonly<Record<string, (a: number, b: number) => number>> = {
  neg: (a) => -a,
  exp: (a) => Math.exp(a),
  log: (a) => Math.log(a),
  sqrt: (a) => Math.sqrt(a),
  reciprocal: (a) => 1 / a,
  not: (a) => 1 - a,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  maximum: Math.max,
  minimum: Math.min,
}

/** Arithmetic between numbers that are known. */
export const foldScalars: Rewrite = (node) => {
  const values = node.inputs.map(scalarOf)
  if (values.length === 0 || values.some((value) => value === undefined)) return node
  const [a, b] = values as number[]
  if (node.op === 'div' && node.dtype === 'float32') return splat(Math.fround(a! / b!), node.shape, node.dtype)
  if (node.op === 'cast') return splat(castScalar(a!, node.dtype), node.shape, node.dtype)
  const fold = FOLD[node.op]
  if (!fold) return node
  return splat(node.dtype === 'float32' ? Math.fround(fold(a!, b!)) : fold(a!, b!) | 0, node.shape, node.dtype)
}

function castScalar(value: number, dtype: GraphNode['dtype']): number {
  if (dtype === 'bool') return value === 0 ? 0 : 1
  return dtype === 'int32' ? Math.trunc(value) | 0 : Math.fround(value)
}

/** x + 0, x − 0, x · 1, x / 1, x¹ are x; x² is x · x. The sign of a zero may differ. */
export const neutralOperands: Rewrite = (node) => {
  const [a, b] = node.inputs
  if (!a || !b || node.inputs.length !== 2) return node
  const [left, right] = [scalarOf(a), scalarOf(b)]
  const keeps = (x: GraphNode): boolean => sameShape(x.shape, node.shape) && x.dtype === node.dtype
  if (keeps(a) && NEUTRAL_RIGHT[node.op] !== undefined && NEUTRAL_RIGHT[node.op] === right) return a
  if (keeps(b) && NEUTRAL_LEFT[node.op] !== undefined && NEUTRAL_LEFT[node.op] === left) return b
  if (node.op === 'pow' && right === 2 && keeps(a)) return binary('mul', a, a)
  return node
}

const NEUTRAL_RIGHT: Readonly<Record<string, number>> = { add: 0, sub: 0, mul: 1, div: 1, pow: 1 }
const NEUTRAL_LEFT: Readonly<Record<string, number>> = { add: 0, mul: 1 }

/**
 * Division by a known number is a product: faster, and ready to become a matrix product's alpha. The last bit may
 * differ.
 */
export const divisionAsProduct: Rewrite = (node) => {
  const divisor = node.op === 'div' && node.dtype === 'float32' ? scalarOf(node.inputs[1]!) : undefined
  const inverse = divisor === undefined ? 0 : 1 / divisor
  return divisor !== undefined && Number.isFinite(inverse) && inverse !== 0
    ? binary('mul', node.inputs[0]!, splat(Math.fround(inverse), [], 'float32'))
    : node
}

/** A choice that is known. */
export const knownSelect: Rewrite = (node) => {
  if (node.op !== 'select') return node
  const [condition, yes, no] = node.inputs as [GraphNode, GraphNode, GraphNode]
  const known = scalarOf(condition)
  const chosen = known === undefined ? undefined : known === 0 ? no : yes
  return chosen && sameShape(chosen.shape, node.shape) ? chosen : node
}
