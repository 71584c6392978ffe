/**
 * Bases of random vectors that everyone makes alike from a `StreamKey` and that nobody holds or sends: a block of
 * parameters is moved along Σ_k c_k v_k, and only the c_k travel (Ferret, https://arxiv.org/abs/2409.06277; MeZO,
 * https://arxiv.org/abs/2305.17333).
 */
import { FedError } from '@tessera/vocabulary'
import { type BasisDistribution, BELL_SCALE } from './basis-entries.ts'
import type { BasisForm, BasisOrigin, BasisStart } from './basis-form.ts'
import { plainBasis } from './plain-basis.ts'
import { createSimdBasis } from './simd-basis.ts'
import { type StreamKey, streamOrigin } from './stream-key.ts'

/** Basis of vectors v_0, v_1, … of one block; entry i of v_k is a function of (key, distribution, k, i) alone. */
export interface RandomBasis {
  readonly key: StreamKey
  readonly distribution: BasisDistribution
}

/** Vectors and entries that a basis has at least: 2^32 of each. */
const LIMIT = 2 ** 32

/**
 * Mean of the squares of an entry, exactly; means are 0 and different entries independent.
 *
 * - uniform: odd multiples of 2^-16 in (-1, 1): (1 - 2^-32) / 3; fourth moment 1/5 to 2^-31
 * - rademacher: ±1: 1; fourth moment 1
 * - bell: 10033 / 2^21 times the centred sum of eight bytes, in (-4.88, 4.88): 43690 · 10033² / 2^42 = 0.99996;
 *   fourth moment 2.84978, 2.85 times its square. A bell shape, not a normal distribution: never noise for privacy.
 */
export const BASIS_VARIANCE: Readonly<Record<BasisDistribution, number>> = {
  uniform: (1 - 2 ** -32) / 3,
  rademacher: 1,
  bell: 43690 * BELL_SCALE ** 2,
}

/**
 * target[i] += Σ_k coefficients[k] · v_{vector + k}[entry + i], k ascending, each product and each sum rounded to
 * float32: the same bytes at everyone. Coefficients of 0 are left out. Parts of a block, by `entry`, can be done
 * apart; so can ranges of k one after the other, by `vector`.
 *
 * @param target Entries entry .. entry + length - 1 of the block. Changed.
 * @param coefficients Shape [K]. What is not finite makes entries that are not finite.
 * @throws {FedError} `invalid-argument`: a part of the key, or the start, is out of range.
 */
export function addCombination(
  target: Float32Array,
  basis: RandomBasis,
  coefficients: Float32Array,
  start: Partial<BasisStart> = {},
): void {
  const from = checkedStart(start, coefficients.length, target.length)
  fastestForm().addCombination(target, basisOrigin(basis), coefficients, from)
}

/**
 * out[k] = Σ_i v_{vector + k}[entry + i] · values[i], k < count: float32 products, added in float64 in four sums by
 * (entry + i) mod 4, i ascending, then (s0 + s1) + (s2 + s3), rounded once to float32. Ranges of k can be done apart,
 * by `vector`, with the same bytes; parts of the values, by `entry`, only up to rounding.
 *
 * @param values Entries entry .. entry + length - 1 of the block. Not modified.
 * @returns Shape [count].
 * @throws {FedError} `invalid-argument`: a part of the key, the count or the start is out of range.
 */
export function projectOnto(
  basis: RandomBasis,
  values: Float32Array,
  count: number,
  start: Partial<BasisStart> = {},
): Float32Array {
  return fastestForm().projectOnto(basisOrigin(basis), values, count, checkedStart(start, count, values.length))
}

let chosen: BasisForm | undefined

/** Made at first use. */
const fastestForm = (): BasisForm => {
  chosen ??= createSimdBasis() ?? plainBasis
  return chosen
}

const basisOrigin = ({ key, distribution }: RandomBasis): BasisOrigin => ({ origin: streamOrigin(key), distribution })

function checkedStart({ vector = 0, entry = 0 }: Partial<BasisStart>, vectors: number, entries: number): BasisStart {
  within('vectors', vector, vectors)
  within('entries', entry, entries)
  return { vector, entry }
}

function within(what: string, first: number, count: number): void {
  const valid = Number.isInteger(first) && first >= 0 && Number.isInteger(count) && count >= 0 && first + count <= LIMIT
  if (valid) return
  throw new FedError('invalid-argument', `a random basis has 2^32 ${what}; asked for ${count} from ${first} on`)
}
