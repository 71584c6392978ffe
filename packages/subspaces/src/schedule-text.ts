import { addCombination, type RandomBasis } from '@tessera/math'

/** Entries of the first vector that go into a schedule. */
const SAMPLE = 8

/**
 * All that decides the vectors of a stretch, as text: the stream of the first basis, what else there is to know, and the
 * first entries of the first vector, which another generator would make otherwise.
 */
export function scheduleText({ key, distribution }: RandomBasis, facts: Readonly<Record<string, unknown>>): string {
  const entries = new Float32Array(SAMPLE)
  addCombination(entries, { key, distribution }, Float32Array.of(1))
  return JSON.stringify({ ...key, seed: String(key.seed), distribution, ...facts, entries: [...entries] })
}
