/**
 * The compiler's own graph: what a step computes, free of tfjs and of ONNX. A node is a value: it has one output, and
 * its shape and element type are known. Operators broadcast as NumPy does, axes are never negative.
 */
export type Dtype = 'float32' | 'int32' | 'bool'
export type Attribute = number | boolean | readonly number[]
export type Attributes = Readonly<Record<string, Attribute>>
export type Shape = readonly number[]

export interface GraphNode {
  readonly op: string
  readonly inputs: readonly GraphNode[]
  readonly attributes: Attributes
  readonly shape: Shape
  readonly dtype: Dtype
  /** Only of `constant`: its elements in row-major order; bool as 0 and 1. */
  readonly data?: Float32Array | Int32Array | Uint8Array
  /** Only of `input`: the name it is fed by. */
  readonly name?: string
}

export interface Graph {
  /** In the order of the program's signature, also those the outputs do not need. */
  readonly inputs: readonly GraphNode[]
  readonly outputs: Readonly<Record<string, GraphNode>>
}

/** Every node the outputs need, each after its inputs; the order depends on the graph alone. */
export function inOrder(outputs: Iterable<GraphNode>): GraphNode[] {
  const order: GraphNode[] = []
  const seen = new Set<GraphNode>()
  const stack: { node: GraphNode; next: number }[] = []
  const enter = (node: GraphNode) => {
    if (seen.has(node)) return
    seen.add(node)
    stack.push({ node, next: 0 })
  }
  for (const output of outputs) {
    enter(output)
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!
      if (top.next < top.node.inputs.length) {
        enter(top.node.inputs[top.next++]!)
      } else {
        order.push(top.node)
        stack.pop()
      }
    }
  }
  return order
}

/** Sum of 2·m·k·n over the matrix products that the outputs need. */
export function matmulFlops(graph: Graph): number {
  let flops = 0
  for (const node of inOrder(Object.values(graph.outputs))) {
    if (node.op !== 'matmul' && node.op !== 'matmulAdd') continue
    const a = node.inputs[0]!.shape
    const k = a[a.length - (node.attributes.transposeA ? 2 : 1)]!
    flops += 2 * k * sizeOf(node.shape)
  }
  return flops
}

export const sizeOf = (shape: Shape): number => shape.reduce((size, dim) => size * dim, 1)

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((dim, i) => dim === b[i])
