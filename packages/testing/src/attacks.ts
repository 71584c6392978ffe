import type { Update } from '@tessera/vocabulary'
import { testRandom } from './synthetic-matrix.ts'

/** What `attackers` clients send, all the same, knowing everything that the honest ones send. */
export interface Attack {
  readonly name: string
  vector(honest: readonly Update[], attackers: number): Update
}

/** Minus the honest mean. */
export const signFlip: Attack = {
  name: 'sign flip',
  vector: (honest) => Float32Array.from(meanOf(honest), (value) => -value),
}

/** A vector against the honest mean whose norm is 2^20, a million times that of an update of norm 1. */
export const largeNorm: Attack = {
  name: 'large norm',
  vector(honest) {
    const mean = meanOf(honest)
    const scale = LARGE_NORM / normOf(mean)
    return Float32Array.from(mean, (value) => -value * scale)
  },
}
export const LARGE_NORM = 2 ** 20

/**
 * A little is enough: µ − z σ in each coordinate, close enough to hide among the honest and always on the same side.
 * z is the largest with which ⌊n/2 + 1⌋ − f honest clients are expected further out: Φ(z) = (n − f − s) / (n − f).
 *
 * Paper: Baruch et al. 2019 (https://arxiv.org/abs/1902.06156), Algorithm 3.
 */
export const aLittleIsEnough: Attack = {
  name: 'a little is enough',
  vector(honest, attackers) {
    const z = littleEnough(honest.length + attackers, attackers)
    const mean = meanOf(honest)
    const deviations = mean.map((centre, at) => {
      const squares = honest.reduce((sum, update) => sum + (update[at]! - centre) ** 2, 0)
      return Math.sqrt(squares / Math.max(1, honest.length - 1))
    })
    return Float32Array.from(mean, (value, at) => value - z * deviations[at]!)
  },
}

export const attacks: readonly Attack[] = [signFlip, largeNorm, aLittleIsEnough]

/** z of `aLittleIsEnough`; attackers that are a majority need nobody's support, and take 3. */
export function littleEnough(clients: number, attackers: number): number {
  const honest = clients - attackers
  const supporters = Math.floor(clients / 2 + 1) - attackers
  return supporters > 0 ? normalQuantile((honest - supporters) / honest) : 3
}

/** Φ⁻¹ by halving [−8, 8] sixty times; Φ from its everywhere convergent series. */
export function normalQuantile(probability: number): number {
  let low = -8
  let high = 8
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (normalDistribution(middle) < probability) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Φ(z) = 1/2 + φ(z) Σ z^(2k+1) / (1 · 3 · 5 ⋯ (2k+1)) */
function normalDistribution(z: number): number {
  let term = z
  let sum = 0
  for (let odd = 3; Math.abs(term) > 1e-17; odd += 2) {
    sum += term
    term *= (z * z) / odd
  }
  return 0.5 + (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum
}

/** Updates that agree on a direction and differ by noise: 1/2 + a draw in (−1, 1) in each coordinate. */
export function honestUpdates(count: number, length: number, seed: number): Update[] {
  const random = testRandom(seed)
  return Array.from({ length: count }, () => Float32Array.from({ length }, () => 0.5 + random.symmetricUniform()))
}

/** The plain mean in float64. */
export function meanOf(updates: readonly Update[]): Float64Array {
  return Float64Array.from(
    updates[0]!,
    (_, at) => updates.reduce((sum, update) => sum + update[at]!, 0) / updates.length,
  )
}

export const normOf = (values: ArrayLike<number>): number =>
  Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0))

export const distanceOf = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  normOf(Array.from(a, (value, at) => value - b[at]!))
