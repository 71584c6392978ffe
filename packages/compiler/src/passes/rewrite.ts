import { type Graph, type GraphNode, inOrder, sameShape } from '../graph.ts'

/**
 * A local simplification: an equal node that is cheaper, or the node itself when there is none. Inputs are settled:
 * no rewrite applies to them any more. `uses` counts the readers of a settled node.
 */
export type Rewrite = (node: GraphNode, uses: (node: GraphNode) => number) => GraphNode

/**
 * Applies the rewrites bottom-up until none applies. On the way equal nodes become one (common subexpressions), and
 * what no output needs is gone, because the graph is rebuilt from its outputs.
 */
export function rewriteGraph(graph: Graph, rewrites: readonly Rewrite[]): Graph {
  const order = inOrder(Object.values(graph.outputs))
  const counts = countUses(order, Object.values(graph.outputs))
  const settledUses = new Map<GraphNode, number>()
  const settled = new Map<GraphNode, GraphNode>()
  const interned = new Interned()
  const uses = (node: GraphNode): number => settledUses.get(node) ?? 0

  const settle = (node: GraphNode): GraphNode => {
    const done = settled.get(node)
    if (done) return done
    const fresh = withInputs(node, node.inputs.map(settle))
    const result = rewrites.reduce<GraphNode>((now, rewrite) => (now === fresh ? rewrite(now, uses) : now), fresh)
    const final = result === fresh ? interned.get(fresh) : settle(result)
    settled.set(node, final)
    settled.set(final, final)
    return final
  }

  for (const node of order) {
    const final = settle(node)
    settledUses.set(final, uses(final) + counts.get(node)!)
  }
  const outputs = Object.entries(graph.outputs).map(([name, node]) => [name, settled.get(node)!] as const)
  return { inputs: graph.inputs, outputs: Object.fromEntries(outputs) }
}

const withInputs = (node: GraphNode, inputs: readonly GraphNode[]): GraphNode =>
  inputs.every((input, i) => input === node.inputs[i]) ? node : { ...node, inputs }

/** An output counts as a reader too. */
function countUses(order: readonly GraphNode[], outputs: readonly GraphNode[]): Map<GraphNode, number> {
  const counts = new Map(order.map((node) => [node, 0]))
  const count = (node: GraphNode) => counts.set(node, counts.get(node)! + 1)
  for (const node of order) node.inputs.forEach(count)
  outputs.forEach(count)
  return counts
}

/** Constants longer than this are compared by identity only. */
const COMPARED_ELEMENTS = 256

/** One node per operator, attributes and inputs. */
class Interned {
  readonly #ids = new Map<GraphNode, number>()
  readonly #byKey = new Map<string, GraphNode>()

  get(node: GraphNode): GraphNode {
    const key = this.#key(node)
    const known = this.#byKey.get(key)
    if (known && sameShape(known.shape, node.shape)) return known
    this.#byKey.set(key, node)
    this.#id(node)
    return node
  }

  #id(node: GraphNode): number {
    const id = this.#ids.get(node) ?? this.#ids.size
    this.#ids.set(node, id)
    return id
  }

  #key(node: GraphNode): string {
    const inputs = node.inputs.map((input) => this.#id(input)).join()
    const base = `${node.op}/${node.dtype}/${node.shape.join()}/${JSON.stringify(node.attributes)}/${inputs}`
    if (node.op === 'input') return `${base}/${node.name}`
    if (!node.data) return base
    return node.data.length <= COMPARED_ELEMENTS ? `${base}/${node.data.join()}` : `${base}/#${this.#id(node)}`
  }
}
