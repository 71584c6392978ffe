import { type GraphNode, sameShape } from '../graph.ts'
import { transpose } from '../ops.ts'
import type { Rewrite } from './rewrite.ts'

const swapsLastTwo = (perm: readonly number[]): boolean => {
  const rank = perm.length
  return rank >= 2 && perm.every((axis, i) => axis === (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i))
}

const isSwap = (node: GraphNode): boolean =>
  node.op === 'transpose' && swapsLastTwo(node.attributes.perm as readonly number[])

/** op(transpose(a)) is a flag of the product, not a copy of a. */
export const transposeIntoMatmul: Rewrite = (node) => {
  if (node.op !== 'matmul') return node
  const [a, b] = node.inputs as [GraphNode, GraphNode]
  if (!isSwap(a) && !isSwap(b)) return node
  const { transposeA, transposeB } = node.attributes
  return {
    ...node,
    inputs: [isSwap(a) ? a.inputs[0]! : a, isSwap(b) ? b.inputs[0]! : b],
    attributes: {
      ...node.attributes,
      transposeA: isSwap(a) ? !transposeA : transposeA!,
      transposeB: isSwap(b) ? !transposeB : transposeB!,
    },
  }
}

/** transpose(op(a) op(b)) = op(b)ᵀ op(a)ᵀ, when nobody else reads the product. */
export const transposeOfMatmul: Rewrite = (node, uses) => {
  const product = node.inputs[0]
  if (!isSwap(node) || product?.op !== 'matmul' || uses(product) !== 1) return node
  const { transposeA, transposeB } = product.attributes
  return {
    ...product,
    inputs: [product.inputs[1]!, product.inputs[0]!],
    attributes: { ...product.attributes, transposeA: !transposeB, transposeB: !transposeA },
    shape: transpose(product, node.attributes.perm as readonly number[]).shape,
  }
}

const scaleOf = (node: GraphNode): { scaled: GraphNode; by: number } | undefined => {
  if (node.op !== 'mul') return undefined
  const at = node.inputs.findIndex((input) => input.op === 'splat')
  if (at < 0) return undefined
  return { scaled: node.inputs[1 - at]!, by: node.inputs[at]!.attributes.value as number }
}

const scaledBy = (node: GraphNode, by: number): GraphNode => ({
  ...node,
  attributes: { ...node.attributes, alpha: Math.fround((node.attributes.alpha as number) * by) },
})

/** s · (a b) and (s · a) b are the product with alpha = s, when nobody else reads the intermediate. */
export const scaleIntoMatmul: Rewrite = (node, uses) => {
  const outer = scaleOf(node)
  if (outer && outer.scaled.op === 'matmul' && uses(outer.scaled) === 1) return scaledBy(outer.scaled, outer.by)
  if (node.op !== 'matmul') return node
  for (const [i, operand] of node.inputs.entries()) {
    const inner = scaleOf(operand)
    if (!inner || uses(operand) !== 1) continue
    return scaledBy({ ...node, inputs: node.inputs.map((input, j) => (j === i ? inner.scaled : input)) }, inner.by)
  }
  return node
}

const isSingle = (node: GraphNode, op: string, uses: (node: GraphNode) => number): boolean =>
  node.op === op && node.shape.length === 2 && uses(node) === 1

const withAddend = (product: GraphNode, addend: GraphNode): GraphNode => ({
  ...product,
  op: 'matmulAdd',
  inputs: [product.inputs[0]!, product.inputs[1]!, addend],
})

/** c + a b of matrices is one operator that adds into c, when nobody else reads the product. */
export const addIntoMatmul: Rewrite = (node, uses) => {
  if (node.op !== 'add') return node
  for (const [i, product] of node.inputs.entries()) {
    const addend = node.inputs[1 - i]!
    if (!sameShape(addend.shape, node.shape) || !sameShape(product.shape, node.shape)) continue
    if (isSingle(product, 'matmul', uses)) return withAddend(product, addend)
    const inner = product.inputs[2]
    if (isSingle(product, 'matmulAdd', uses) && inner && isSingle(inner, 'matmul', uses)) {
      return withAddend(product, withAddend(inner, addend))
    }
  }
  return node
}
