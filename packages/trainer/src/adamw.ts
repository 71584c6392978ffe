import { z } from 'zod'
import { defineLocalOptimizer, type OptimizerRun } from './local-optimizer.ts'

/** Adam's options; optimizers that build on it take them over. */
export const adamwConfig = z.object({
  learningRate: z.number().positive().default(0.005).describe('η, before the schedule'),
  beta1: z.number().min(0).lt(1).default(0.9).describe('β₁: memory of the gradient’s mean'),
  beta2: z.number().positive().lt(1).default(0.999).describe('β₂: memory of its square'),
  epsilon: z.number().min(1e-12).default(1e-8).describe('ε: keeps steps finite where gradients vanish'),
  weightDecay: z.number().nonnegative().default(0).describe('λ, decoupled: pulls coordinates to 0, the base model'),
})

export type AdamwConfig = z.infer<typeof adamwConfig>

/**
 * AdamW, Loshchilov and Hutter 2017 (https://arxiv.org/abs/1711.05101): Adam with bias correction and decoupled weight
 * decay.
 *
 *   η = factor · learningRate
 *   m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
 *   θ ← θ − η λ θ − η · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
 *
 * m, v and θ are stored as float32, each coordinate is computed in float64 with exactly rounded operations only, so
 * every machine gives the same bytes from the same gradients. A NaN in the gradient becomes a NaN in its coordinate.
 */
export const adamw = defineLocalOptimizer({
  name: 'adamw',
  config: adamwConfig,
  begin: (config, { length }) => beginAdamw(config, length),
  largestUpdate: (config, { factors, largestCoordinate }) => largestAdamwUpdate(config, factors, largestCoordinate),
})

/** Adam's moments over `length` coordinates, and its step. */
export function beginAdamw(config: AdamwConfig, length: number): OptimizerRun {
  const m = new Float32Array(length)
  const v = new Float32Array(length)
  let [power1, power2] = [1, 1] // β₁ᵗ and β₂ᵗ
  return {
    stepInto(coordinates, gradient, factor) {
      power1 *= config.beta1
      power2 *= config.beta2
      const corrections = { first: 1 - power1, second: 1 - power2 }
      moveInto(coordinates, { gradient, m, v }, { ...config, ...corrections, rate: factor * config.learningRate })
    },
  }
}

interface Moments {
  readonly gradient: Float32Array
  readonly m: Float32Array
  readonly v: Float32Array
}

interface StepNumbers extends AdamwConfig {
  /** η */
  readonly rate: number
  /** 1 − β₁ᵗ */
  readonly first: number
  /** 1 − β₂ᵗ */
  readonly second: number
}

function moveInto(coordinates: Float32Array, { gradient, m, v }: Moments, numbers: StepNumbers): void {
  const { rate, beta1, beta2, epsilon, weightDecay, first, second } = numbers
  for (let i = 0; i < coordinates.length; i++) {
    const g = gradient[i]!
    const mean = beta1 * m[i]! + (1 - beta1) * g
    const square = beta2 * v[i]! + (1 - beta2) * g * g
    m[i] = mean
    v[i] = square
    const kept = coordinates[i]! * (1 - rate * weightDecay)
    coordinates[i] = kept - (rate * (mean / first)) / (Math.sqrt(square / second) + epsilon)
  }
}

/** Relative size of one float32 rounding, twice over. */
const ROUNDING = 2 ** -23

/**
 * Derivation. After t steps m = (1 − β₁) Σ β₁ᵏ g₍ₜ₋ₖ₎ and v = (1 − β₂) Σ β₂ᵏ g₍ₜ₋ₖ₎², k = 0 … t − 1. By Cauchy and
 * Schwarz, with β₁ᵏ g = (β₁² / β₂)^(k/2) · β₂^(k/2) g,
 *
 *   |m| / √v ≤ (1 − β₁) / √(1 − β₂) · √(Σ (β₁² / β₂)ᵏ),
 *
 * so step t moves a coordinate by at most η c₍ₜ₎, c₍ₜ₎ = that bound · √(1 − β₂ᵗ) / (1 − β₁ᵗ); c₁ = 1, and some sequence
 * of gradients reaches each c₍ₜ₎ as ε → 0. With decay, θₜ − θ₀ = (1 − ηλ)(θₜ₋₁ − θ₀) − ηλ θ₀ − η u gives
 *
 *   D₍ₜ₎ = |1 − ηλ| D₍ₜ₋₁₎ + ηλ |θ₀| + η c₍ₜ₎.
 *
 * m and v are rounded once a step, so their quotient is off by at most t roundings more; θ is rounded once a step.
 */
export function largestAdamwUpdate(config: AdamwConfig, factors: readonly number[], largestCoordinate: number): number {
  const { learningRate, beta1, beta2, weightDecay } = config
  const ratio = beta1 ** 2 / beta2
  let [power1, power2, powerOfRatio, series, bound] = [1, 1, 1, 0, 0]
  for (const [at, factor] of factors.entries()) {
    power1 *= beta1
    power2 *= beta2
    series += powerOfRatio
    powerOfRatio *= ratio
    const quotient = ((1 - beta1) / Math.sqrt(1 - beta2)) * Math.sqrt(series)
    const largestStep = (quotient * Math.sqrt(1 - power2)) / (1 - power1)
    const rate = factor * learningRate
    const pull = rate * weightDecay
    const moved = Math.abs(1 - pull) * bound + pull * largestCoordinate
    bound = moved + rate * largestStep * (1 + 2 * (at + 1) * ROUNDING)
    bound += ROUNDING * (largestCoordinate + bound)
  }
  return bound
}
