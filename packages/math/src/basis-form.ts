import type { BasisDistribution } from './basis-entries.ts'
import type { StreamOrigin } from './stream-key.ts'

/** Where a basis lies: its stream's origin, and what words become. */
export interface BasisOrigin {
  readonly origin: StreamOrigin
  readonly distribution: BasisDistribution
}

/** Which part of a basis: its first vector and its first entry. */
export interface BasisStart {
  readonly vector: number
  readonly entry: number
}

/** One way to compute with random bases; `addCombination` and `projectOnto` say what. All give the same bytes. */
export interface BasisForm {
  addCombination(target: Float32Array, basis: BasisOrigin, coefficients: Float32Array, start: BasisStart): void
  projectOnto(basis: BasisOrigin, values: Float32Array, count: number, start: BasisStart): Float32Array
}

/** The four float64 sums of each projection, by entry mod 4, as one float32: (s0 + s1) + (s2 + s3). */
export function foldSums(sums: Float64Array): Float32Array {
  const folded = (at: number): number => sums[at]! + sums[at + 1]! + (sums[at + 2]! + sums[at + 3]!)
  return Float32Array.from({ length: sums.length / 4 }, (_, k) => folded(4 * k))
}

/** Part of a caller's array: `from` to `to` lie at `at` and behind in entries that begin at `start`. */
export interface BasisPiece {
  readonly start: number
  readonly at: number
  readonly from: number
  readonly to: number
}

/**
 * The pieces of entries entry .. entry + length - 1, in order, each within `size` entries that begin at a multiple of
 * `size`.
 */
export function* basisPieces(entry: number, length: number, size: number): Generator<BasisPiece> {
  for (let start = entry - (entry % size); start < entry + length; start += size) {
    const [from, to] = [Math.max(start - entry, 0), Math.min(start + size - entry, length)]
    yield { start, at: entry + from - start, from, to }
  }
}
