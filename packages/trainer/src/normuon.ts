import { frobeniusNorm, type Matrix, matrix, multiply, multiplyRightTransposed, transpose } from '@tessera/math'
import { z } from 'zod'
import { defineLocalOptimizer, type TrainedMatrix } from './local-optimizer.ts'

const config = z.object({
  learningRate: z.number().positive().default(0.005).describe('η, before the schedule'),
  beta1: z.number().min(0).lt(1).default(0.95).describe('β₁: memory of the momentum'),
  beta2: z.number().min(0).lt(1).default(0.95).describe('β₂: memory of the row norms'),
  weightDecay: z.number().nonnegative().default(0).describe('λ, decoupled: pulls coordinates to 0, the base model'),
})

/**
 * NorMuon, Li et al. 2025 (https://arxiv.org/abs/2510.05491), Algorithm 1: the orthogonalised momentum of Muon, each
 * row (neuron) normalised by a running mean of its squares. A step has the root mean square 0.2 η, like Adam's.
 *
 *   M ← β₁ M + (1 − β₁) G     O = NewtonSchulz₅(M)     v ← β₂ v + (1 − β₂) mean_cols(O ⊙ O)
 *   Ô = O / √(v + ε)          θ ← θ − η λ θ − 0.2 η √(rows · cols) / ‖Ô‖ · Ô
 *
 * Muon's quintic by Jordan et al. 2024. Computed in float64, M and θ stored as float32; a zero momentum moves nothing.
 */
export const normuon = defineLocalOptimizer({
  name: 'normuon',
  config,
  begin(options, { matrices }) {
    const states = matrices.map((shape) => ({
      shape,
      momentum: new Float32Array(shape.rows * shape.cols),
      squares: new Float64Array(shape.rows),
    }))
    return {
      stepInto(coordinates, gradient, factor) {
        const rate = factor * options.learningRate
        for (const state of states) stepMatrixInto(coordinates, gradient, { ...state, ...options, rate })
      },
    }
  },
  /** One entry holds at most the whole norm of a step, 0.2 η √(rows · cols). */
  largestUpdate({ learningRate, weightDecay }, { factors, largestCoordinate, matrices }) {
    const widest = Math.max(...matrices.map(({ rows, cols }) => rows * cols))
    let bound = 0
    for (const factor of factors) {
      const rate = factor * learningRate
      bound = Math.abs(1 - rate * weightDecay) * bound + rate * weightDecay * largestCoordinate
      bound += RMS * rate * Math.sqrt(widest) * (1 + 2 ** -20)
      bound += 2 ** -23 * (largestCoordinate + bound)
    }
    return bound
  },
})

const RMS = 0.2
const EPSILON = 1e-8

interface MatrixStep extends z.infer<typeof config> {
  readonly shape: TrainedMatrix
  readonly momentum: Float32Array
  readonly squares: Float64Array
  /** η */
  readonly rate: number
}

function stepMatrixInto(coordinates: Float32Array, gradient: Float32Array, step: MatrixStep): void {
  const { shape, momentum, squares, beta1, beta2, rate, weightDecay } = step
  const { offset, rows, cols } = shape
  for (let i = 0; i < momentum.length; i++) momentum[i] = beta1 * momentum[i]! + (1 - beta1) * gradient[offset + i]!
  const direction = orthogonalise(matrix(rows, cols, Float64Array.from(momentum))).data
  for (let row = 0; row < rows; row++) {
    const own = direction.subarray(row * cols, (row + 1) * cols)
    const mean = own.reduce((sum, value) => sum + value * value, 0) / cols
    squares[row] = beta2 * squares[row]! + (1 - beta2) * mean
    const scale = Math.sqrt(squares[row]! + EPSILON)
    for (let col = 0; col < cols; col++) own[col] = own[col]! / scale
  }
  const norm = Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0))
  const length = norm === 0 ? 0 : (RMS * rate * Math.sqrt(rows * cols)) / norm
  for (let i = 0; i < direction.length; i++) {
    const at = offset + i
    coordinates[at] = coordinates[at]! * (1 - rate * weightDecay) - length * direction[i]!
  }
}

/** Five steps of X ← a X + (b A + c A²) X, A = X Xᵀ, from X = M / ‖M‖, on the shorter side. */
export function orthogonalise(m: Matrix): Matrix {
  const norm = frobeniusNorm(m)
  if (norm === 0) return m
  const wide = m.rows <= m.cols
  let x = wide ? m : transpose(m)
  x = { ...x, data: x.data.map((value) => value / (norm + 1e-7)) }
  for (let i = 0; i < 5; i++) {
    const a = multiplyRightTransposed(x, x)
    const squared = multiply(a, a).data
    const polynomial = { ...a, data: a.data.map((value, at) => -4.775 * value + 2.0315 * squared[at]!) }
    const product = multiply(polynomial, x).data
    x = { ...x, data: x.data.map((value, at) => 3.4445 * value + product[at]!) }
  }
  return wide ? x : transpose(x)
}
