import { describe, expect, it } from 'vitest'
import { labelTrie } from './label-trie.ts'

describe('a label trie', () => {
  // a = [1, 0], ab = [1, 2, 0], ac = [1, 3, 0], x = [4, 0]; 0 ends each.
  const trie = labelTrie(
    ['a', 'ab', 'ac', 'x'],
    [
      [1, 0],
      [1, 2, 0],
      [1, 3, 0],
      [4, 0],
    ],
  )

  it('computes what labels share once', () => {
    expect(trie.inner).toBe(4) // 1, 1·2, 1·3, 4
    expect(trie.nodes.length).toBe(8) // and four ends
    expect(trie.longest).toBe(3)
  })

  it('has a path of every token of every label, from the prompt down', () => {
    const spelled = trie.paths.map((path) => path.map((node) => trie.nodes[node]!.token))
    expect(spelled).toEqual([
      [1, 0],
      [1, 2, 0],
      [1, 3, 0],
      [4, 0],
    ])
    for (const path of trie.paths) {
      expect(path.map((node) => trie.nodes[node]!.parent)).toEqual([-1, ...path.slice(0, -1)])
      expect(path.map((node) => trie.nodes[node]!.depth)).toEqual(path.map((_, at) => at + 1))
    }
  })

  it('refuses labels that no tokens tell apart', () => {
    expect(() =>
      labelTrie(
        ['a', 'b'],
        [
          [1, 0],
          [1, 0],
        ],
      ),
    ).toThrow('label "b" has the same tokens as label "a"')
  })
})
