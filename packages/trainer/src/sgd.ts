import { z } from 'zod'
import { defineLocalOptimizer } from './local-optimizer.ts'

/**
 * SGD, Robbins and Monro 1951 (https://doi.org/10.1214/aoms/1177729586), with momentum and a clipped gradient:
 * m ← μ m + min(1, C / ‖g‖₂) g and θ ← θ − η m, with η = factor · learningRate.
 *
 * Momentum is as torch.optim.SGD has it (no dampening). The clip C is what bounds an update, so it can not be left out;
 * the norm is accumulated in float64.
 */
export const sgd = defineLocalOptimizer({
  name: 'sgd',
  config: z.object({
    learningRate: z.number().positive().default(0.1).describe('η, before the schedule'),
    momentum: z.number().min(0).lt(1).default(0).describe('μ: part of the last step that goes on'),
    maxGradientNorm: z.number().positive().default(1).describe('C: L2 norm that a gradient is scaled down to'),
  }),
  begin({ learningRate, momentum, maxGradientNorm }, { length }) {
    const velocity = new Float32Array(length)
    return {
      stepInto(coordinates, gradient, factor) {
        const shrink = Math.min(1, maxGradientNorm / norm(gradient))
        for (let i = 0; i < length; i++) {
          velocity[i] = momentum * velocity[i]! + shrink * gradient[i]!
          coordinates[i] = coordinates[i]! - factor * learningRate * velocity[i]!
        }
      },
    }
  },
  /** |m| after step t is at most C (1 − μᵗ) / (1 − μ); a rounding of float32 a step comes on top. */
  largestUpdate({ learningRate, momentum, maxGradientNorm }, { factors, largestCoordinate }) {
    let [velocity, bound] = [0, 0]
    for (const factor of factors) {
      velocity = momentum * velocity + maxGradientNorm
      bound += factor * learningRate * velocity * (1 + 2 ** -20)
      bound += 2 ** -23 * (largestCoordinate + bound)
    }
    return bound
  },
})

function norm(values: Float32Array): number {
  let sum = 0
  for (const value of values) sum += value * value
  return Math.sqrt(sum)
}
