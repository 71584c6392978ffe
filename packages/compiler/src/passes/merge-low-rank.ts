import { type GraphNode, sizeOf } from '../graph.ts'
import { binary, matmul } from '../ops.ts'
import type { Rewrite } from './rewrite.ts'

type Uses = (node: GraphNode) => number

/** One factor of a product of matrices, as it is or transposed. */
interface Factor {
  readonly matrix: GraphNode
  readonly transposed: boolean
}

/** x F₁ F₂ … Fₙ, and the operations that are saved when nobody needs it any more. */
interface Chain {
  readonly factors: readonly Factor[]
  readonly alpha: number
  readonly flops: number
}

const isProduct = (node: GraphNode): boolean =>
  node.op === 'matmul' && node.attributes.transposeA === false && node.inputs.every(({ shape }) => shape.length === 2)

const flopsOf = (product: GraphNode): number => {
  const [rows, k] = product.inputs[0]!.shape as [number, number]
  return 2 * sizeOf(product.shape) * (product.attributes.transposeA ? rows : k)
}

/** `end` as a chain that starts at x; intermediates that others read stay, so they save nothing. */
function chainFrom(x: GraphNode, end: GraphNode, uses: Uses): Chain | undefined {
  const factors: Factor[] = []
  let [alpha, flops, ours] = [1, 0, true]
  for (let node = end; node !== x; node = node.inputs[0]!) {
    if (!isProduct(node)) return undefined
    ours &&= uses(node) === 1
    if (ours) flops += flopsOf(node)
    alpha *= node.attributes.alpha as number
    factors.unshift({ matrix: node.inputs[1]!, transposed: node.attributes.transposeB as boolean })
  }
  return factors.length >= 2 ? { factors, alpha, flops } : undefined
}

/** alpha F₁ F₂ … Fₙ, or its transpose, multiplied from the right, with what it costs. */
function multiplied({ factors, alpha }: Chain, transposed: boolean): { product: GraphNode; flops: number } {
  const turned = factors.map((factor) => ({ ...factor, transposed: factor.transposed !== transposed }))
  const [last, ...rest] = transposed ? turned : turned.toReversed()
  let [right, flops] = [last!, 0]
  for (const [i, { matrix, transposed }] of rest.entries()) {
    const flags = { transposeA: transposed, transposeB: right.transposed, alpha: i === rest.length - 1 ? alpha : 1 }
    right = { matrix: matmul(matrix, right.matrix, flags), transposed: false }
    flops += flopsOf(right.matrix)
  }
  return { product: right.matrix, flops }
}

/** x W + x F₁ … Fₙ as x (W + F₁ … Fₙ), when that is less work. */
function merged(wide: GraphNode, end: GraphNode, uses: Uses): GraphNode | undefined {
  if (!isProduct(wide) || wide.attributes.alpha !== 1 || uses(wide) !== 1 || uses(end) !== 1) return undefined
  const [x, weight] = wide.inputs as [GraphNode, GraphNode]
  const chain = chainFrom(x, end, uses)
  if (!chain) return undefined
  const transposeB = wide.attributes.transposeB as boolean
  const { product, flops } = multiplied(chain, transposeB)
  return flops < chain.flops ? matmul(x, binary('add', weight, product), { transposeB }) : undefined
}

const eitherWay = (a: GraphNode, b: GraphNode, uses: Uses): GraphNode | undefined =>
  merged(a, b, uses) ?? merged(b, a, uses)

/**
 * x W + x A B = x (W + A B), an adapter beside its layer: with more rows in x than the weight is wide, adding small
 * factors to the weight once is less than adding [N, D] after every layer, forward and backward. The two terms may be
 * the last of a longer sum, as in the gradient of an input that several layers share.
 */
export const mergeLowRank: Rewrite = (node, uses) => {
  if (node.op !== 'add' || node.shape.length !== 2) return node
  const [a, b] = node.inputs as [GraphNode, GraphNode]
  const pair = eitherWay(a, b, uses)
  if (pair) return pair
  for (const [sum, term] of [
    [a, b],
    [b, a],
  ] as const) {
    if (sum.op !== 'add' || uses(sum) !== 1) continue
    for (const [i, other] of sum.inputs.entries()) {
      const product = eitherWay(other, term, uses)
      if (product) return binary('add', sum.inputs[1 - i]!, product)
    }
  }
  return node
}
