import { matrix, multiply, multiplyLeftTransposed, qr, type RandomStream } from '@tessera/math'
import { z } from 'zod'
import { adamwConfig, beginAdamw, largestAdamwUpdate } from './adamw.ts'
import { defineLocalOptimizer, type OptimizerRun, type TrainedMatrix } from './local-optimizer.ts'

const config = adamwConfig.extend({
  rank: z.number().int().positive().default(8).describe('width of the projected gradient'),
  scale: z.number().positive().default(0.25).describe('α: how much of the projected step is taken'),
})

/**
 * GaLore, Zhao et al. 2024 (https://arxiv.org/abs/2403.03507), Algorithm 2: Adam on a projected gradient,
 * θ ← θ − η α P · Adam(Pᵀ G) with P [m, rank] orthonormal on the shorter side.
 *
 * The paper takes P from an SVD of the gradient; here P is drawn anew for each round from the run's seed, so every
 * client of a round has the same one: all updates of a round lie in one subspace and their mean does too. A matrix
 * whose shorter side is at most `rank` is moved by Adam alone. Without weight decay, which the projection would miss.
 */
export const galore = defineLocalOptimizer({
  name: 'galore',
  config: config.omit({ weightDecay: true }),
  begin(options, { matrices, random }) {
    const runs = matrices.map((shape, at) => projected({ ...options, weightDecay: 0 }, shape, random(at)))
    return {
      stepInto(coordinates, gradient, factor) {
        for (const run of runs) run.stepInto(coordinates, gradient, factor)
      },
    }
  },
  misfit: ({ rank }, matrices) =>
    matrices.some((shape) => isProjected(shape, rank))
      ? null
      : `galore projects to rank ${rank}, and no trained matrix has a shorter side of more than that`,
  /** A row of P has norm at most 1, so |P N| ≤ √rank · max |N|; both products are rounded to float32 once. */
  largestUpdate(options, { factors, largestCoordinate }) {
    const inner = largestAdamwUpdate({ ...options, weightDecay: 0 }, factors, largestCoordinate)
    return inner * Math.max(1, options.scale * Math.sqrt(options.rank)) * (1 + 2 ** -20)
  },
})

const isProjected = ({ rows, cols }: TrainedMatrix, rank: number): boolean => Math.min(rows, cols) > rank

function projected(options: z.infer<typeof config>, shape: TrainedMatrix, random: RandomStream): OptimizerRun {
  const { offset, rows, cols } = shape
  const own = (values: Float32Array) => values.subarray(offset, offset + rows * cols)
  const { rank } = options
  if (!isProjected(shape, rank)) {
    const whole = beginAdamw(options, rows * cols)
    return { stepInto: (x, gradient, factor) => whole.stepInto(own(x), own(gradient), factor) }
  }
  const tall = rows > cols
  const [short, long] = tall ? [cols, rows] : [rows, cols]
  const p = orthonormal(short, rank, random)
  const adam = beginAdamw(options, rank * long)
  const at = (i: number, j: number) => (tall ? j * cols + i : i * cols + j) // entry (i, j) of [short, long]
  return {
    stepInto(x, gradient, factor) {
      const [target, source] = [own(x), own(gradient)]
      const g = matrix(short, long)
      for (let i = 0; i < short; i++) for (let j = 0; j < long; j++) g.data[i * long + j] = source[at(i, j)]!
      const moved = new Float32Array(rank * long)
      adam.stepInto(moved, Float32Array.from(multiplyLeftTransposed(p, g).data), factor)
      const step = multiply(p, matrix(rank, long, Float64Array.from(moved))).data
      for (let i = 0; i < short; i++)
        for (let j = 0; j < long; j++) target[at(i, j)] = target[at(i, j)]! + options.scale * step[i * long + j]!
    },
  }
}

function orthonormal(rows: number, cols: number, random: RandomStream) {
  const values = new Float32Array(rows * cols)
  random.fillUniform(values, 1)
  return qr(matrix(rows, cols, Float64Array.from(values))).q
}
