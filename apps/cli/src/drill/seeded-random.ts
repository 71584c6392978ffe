import { createHash } from 'node:crypto'

/** Chance that a seed repeats. */
export interface Random {
  /** An integer from 0 to n - 1. */
  below(n: number): number
  /** True in this share of calls. */
  chance(share: number): boolean
  pick<T>(from: readonly T[]): T
}

/** Number n is the first 48 bits of SHA-256(name, newline, n): one stream a name, whatever the others draw. */
export function seededRandom(name: string): Random {
  let drawn = 0
  const fraction = (): number => {
    const digest = createHash('sha256').update(`${name}\n${drawn++}`).digest()
    return digest.readUIntBE(0, 6) / 2 ** 48
  }
  const below = (n: number): number => Math.floor(fraction() * n)
  return { below, chance: (share) => fraction() < share, pick: (from) => from[below(from.length)] as never }
}
