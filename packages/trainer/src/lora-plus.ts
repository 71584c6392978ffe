import { z } from 'zod'
import { adamwConfig, beginAdamw, largestAdamwUpdate } from './adamw.ts'
import { defineLocalOptimizer } from './local-optimizer.ts'

/**
 * LoRA+, Hayou, Ghosh and Yu 2024 (https://arxiv.org/abs/2402.12354): AdamW with a learning rate for the output-side
 * factor B that is `ratio` times the one of all other factors; the paper has η_B / η_A = 16.
 */
export const loraPlus = defineLocalOptimizer({
  name: 'lora-plus',
  config: adamwConfig.extend({
    ratio: z.number().min(1).default(16).describe('learning rate of B over that of the other factors'),
  }),
  begin(config, { matrices }) {
    const runs = matrices.map(({ factor, offset, rows, cols }) => ({
      from: offset,
      to: offset + rows * cols,
      run: beginAdamw(ratesOf(config, factor), rows * cols),
    }))
    return {
      stepInto(coordinates, gradient, factor) {
        for (const { from, to, run } of runs)
          run.stepInto(coordinates.subarray(from, to), gradient.subarray(from, to), factor)
      },
    }
  },
  misfit: (_config, matrices) =>
    matrices.some(({ factor }) => factor === OUTPUT_SIDE)
      ? null
      : 'lora-plus has a learning rate of its own for factor B, and this method trains none',
  largestUpdate: (config, { factors, largestCoordinate, matrices }) =>
    Math.max(...matrices.map(({ factor }) => largestAdamwUpdate(ratesOf(config, factor), factors, largestCoordinate))),
})

const OUTPUT_SIDE = 'B'

const ratesOf = <Config extends { learningRate: number; ratio: number }>(config: Config, factor: string): Config =>
  factor === OUTPUT_SIDE ? { ...config, learningRate: config.learningRate * config.ratio } : config
