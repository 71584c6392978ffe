import type { Block } from './blocks.ts'

/**
 * `budget` numbers over blocks in proportion to their scores: exactly so many in all, at least 1 and at most its length in
 * each. What the proportion leaves over goes to the largest remainders, the first of equal ones; nothing but exactly
 * rounded operations in a fixed order, so that everyone has the same split.
 *
 * @param scores One a block, finite and >= 0; all 0 counts as the blocks' lengths.
 * @param budget From the number of blocks to their length in all.
 */
export function splitBudget(blocks: readonly Block[], scores: readonly number[], budget: number): number[] {
  const weights = scores.some((score) => score > 0) ? scores : blocks.map(({ length }) => length)
  const counts = blocks.map(() => 1)
  let left = budget - blocks.length
  let open = blocks.map((_, at) => at).filter((at) => blocks[at]!.length > 1)
  while (left > 0) {
    const given = shares(weights, open, left)
    for (const [at, share] of given) {
      const taken = Math.min(share, blocks[at]!.length - counts[at]!)
      counts[at]! += taken
      left -= taken
    }
    open = open.filter((at) => counts[at]! < blocks[at]!.length)
  }
  return counts
}

/** `total` among these blocks by their weights, whole numbers; by turns where all weights are 0. */
function shares(weights: readonly number[], open: readonly number[], total: number): Map<number, number> {
  const sum = open.reduce((all, at) => all + weights[at]!, 0)
  const exact = open.map((at) => ({ at, share: sum > 0 ? (total * weights[at]!) / sum : total / open.length }))
  const given = new Map(exact.map(({ at, share }) => [at, Math.floor(share)]))
  let left = total - [...given.values()].reduce((all, share) => all + share, 0)
  const byRemainder = exact.toSorted((a, b) => (b.share % 1) - (a.share % 1) || a.at - b.at)
  for (const { at } of byRemainder) {
    if (left <= 0) break
    given.set(at, given.get(at)! + 1)
    left -= 1
  }
  return given
}
