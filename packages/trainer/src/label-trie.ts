import { FedError } from '@tessera/vocabulary'

/** A token that follows a prompt and the tokens above it. */
export interface TrieNode {
  readonly token: number
  /** Index of the node above, −1 for the end of the prompt. */
  readonly parent: number
  /** Tokens after the prompt's last one: 1 below the prompt. */
  readonly depth: number
}

/**
 * The labels' completions as one tree of tokens, so that the beginnings they share are computed once a prompt.
 * Nodes are listed after their parents.
 */
export interface LabelTrie {
  readonly labels: readonly string[]
  /** All nodes. The first `inner` of them have children, and only they go through the model. */
  readonly nodes: readonly TrieNode[]
  readonly inner: number
  /** For every label the indices of its nodes, from the first token to the end of text. */
  readonly paths: readonly (readonly number[])[]
  /** Tokens of the longest completion. */
  readonly longest: number
}

/**
 * @param completions Tokens of every label's completion, at least one token each.
 * @throws {FedError} `invalid-config`: two labels have the same tokens, so nothing can tell them apart.
 */
export function labelTrie(labels: readonly string[], completions: readonly (readonly number[])[]): LabelTrie {
  const inner = innerNodes(completions)
  const nodes = [...inner.nodes]
  const leaves = new Map<string, string>()
  const paths = completions.map((tokens, at) => {
    const path = inner.paths[at]!
    const parent = path.at(-1) ?? -1
    const last = tokens.at(-1)!
    const shared = inner.find(parent, last)
    const key = `${parent} ${last}`
    if (shared !== undefined || leaves.has(key)) throw indistinct(labels[at]!, leaves.get(key))
    leaves.set(key, labels[at]!)
    nodes.push({ token: last, parent, depth: tokens.length })
    return [...path, nodes.length - 1]
  })
  const longest = Math.max(...completions.map(({ length }) => length))
  return { labels, nodes, inner: inner.nodes.length, paths, longest }
}

/** The tree of all completions without their last tokens. */
function innerNodes(completions: readonly (readonly number[])[]) {
  const nodes: TrieNode[] = []
  const known = new Map<string, number>()
  const find = (parent: number, token: number): number | undefined => known.get(`${parent} ${token}`)
  const paths = completions.map((tokens) => {
    const path: number[] = []
    for (const [at, token] of tokens.slice(0, -1).entries()) {
      const parent = path.at(-1) ?? -1
      let node = find(parent, token)
      if (node === undefined) {
        node = nodes.push({ token, parent, depth: at + 1 }) - 1
        known.set(`${parent} ${token}`, node)
      }
      path.push(node)
    }
    return path
  })
  return { nodes, paths, find }
}

function indistinct(label: string, other: string | undefined): FedError {
  const rival = other === undefined ? 'the beginning of another label' : `label "${other}"`
  return new FedError('invalid-config', `label "${label}" has the same tokens as ${rival}`, {
    details: { label },
    fix: 'Rename one of the labels.',
  })
}
