import { FedError } from '@tessera/vocabulary'
import type { InnerMatrix, InnerVector } from './subspace.ts'

/**
 * Entries of a matrix that a sparse subspace lets rest: those whose base weight has a magnitude above the quantile of its
 * matrix. A function of the base weights alone, so everyone has the same mask. Liu et al. 2024, Sparse MeZO
 * (https://arxiv.org/abs/2402.15751), who draw it from the weights before fine-tuning too.
 *
 * @param quantile In (0, 1]; at 1 nothing rests.
 * @returns Indices in the matrix, ascending.
 * @throws {FedError} `invalid-argument`: no base weight is at hand.
 */
export function restingEntries(inner: InnerVector, matrix: number, quantile: number): Uint32Array {
  if (quantile === 1) return new Uint32Array()
  const weight = inner.weightOf?.(matrix)
  if (weight === undefined) throw new FedError('invalid-argument', 'a mask by magnitudes takes the base weights')
  const sorted = weight.map((value) => Math.abs(value)).sort()
  const limit = sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)]!
  const resting: number[] = []
  for (const [at, value] of weight.entries()) if (Math.abs(value) > limit) resting.push(at)
  return Uint32Array.from(resting)
}

/** @throws {FedError} `invalid-config`: a matrix is no change of a base weight, entry by entry. */
export function requireWeights(matrices: readonly InnerMatrix[]): void {
  const other = matrices.find(({ changesWeight }) => !changesWeight)
  if (other === undefined) return
  const message = `${other.name} has not the shape of a base weight, so magnitudes choose no entries of it`
  throw new FedError('invalid-config', message, {
    details: { matrix: other.name },
    fix: 'Set subspace.smallest to 1, or adapter.method to full.',
  })
}
