import type { Update } from '@tessera/vocabulary'
import { squaredDistance } from './euclidean.ts'

/** ‖xᵢ − xⱼ‖² of all pairs, symmetric, row by row. */
export function squaredDistances(updates: readonly Update[]): readonly Float64Array[] {
  const rows = updates.map(() => new Float64Array(updates.length))
  for (let i = 0; i < updates.length; i++) {
    for (let j = 0; j < i; j++) rows[i]![j] = rows[j]![i] = squaredDistance(updates[i]!, updates[j]!)
  }
  return rows
}

/**
 * The members of `among` from the lowest Krum score to the highest; of equal scores the earlier member comes first.
 * A score is the sum of squared distances to the |among| − f − 2 nearest others (at least one), the nearest first.
 *
 * @param distances ‖xᵢ − xⱼ‖² of all updates.
 * @param among Indices of the updates that are scored and counted as neighbours, at least two.
 */
export function byKrumScore(
  distances: readonly Float64Array[],
  among: readonly number[],
  attackers: number,
): readonly number[] {
  const neighbours = Math.max(1, among.length - attackers - 2)
  const scored = among.map((index) => {
    const others = among.filter((other) => other !== index).map((other) => distances[index]![other]!)
    const nearest = Float64Array.from(others).sort().subarray(0, neighbours)
    return { index, score: nearest.reduce((sum, distance) => sum + distance, 0) }
  })
  return scored.sort((a, b) => a.score - b.score).map(({ index }) => index)
}

/**
 * How far a choice by Krum lies from the honest mean at most, in honest radii R: 1 + 2 √((n − f − 2) / (n − 2f − 1)).
 *
 * Honest updates are at most 2 R apart and each has n − f − 2 honest neighbours, so at least n − f updates have a score
 * of at most (n − f − 2)(2 R)². An attacker with such a score has n − 2f − 1 or more honest updates among its n − f − 2
 * nearest, hence one within 2 R √((n − f − 2) / (n − 2f − 1)), which is itself within R of the honest mean.
 */
export function krumRadii(clients: number, attackers: number): number {
  return 1 + 2 * Math.sqrt((clients - attackers - 2) / (clients - 2 * attackers - 1))
}
