import { FedError, unwrap } from '@tessera/vocabulary'
import { z } from 'zod'
import type {
  LocalOptimizer,
  OptimizerPlace,
  OptimizerRun,
  TrainedMatrix,
  UpdateBoundInput,
} from './local-optimizer.ts'
import { localOptimizers } from './local-optimizers.ts'
import { schedule, scheduleFactor } from './schedule.ts'

/** What a client does in a round. */
export const trainSpec = z.strictObject({
  localSteps: z.int().positive().default(20).describe('optimizer steps of a client in a round'),
  batchSize: z.int().positive().default(16).describe('examples in a step'),
  optimizer: localOptimizers.selection.prefault({ name: 'adamw' }),
  schedule: schedule.prefault({ kind: 'cosine' }),
})

export type TrainSpec = z.infer<typeof trainSpec>

/** Where a round stands in its run. */
export interface RoundPosition {
  /** From 1. */
  readonly round: number
  /** Rounds of the whole run. */
  readonly rounds: number
}

/** Schedule factors of a round's steps; the schedule runs over the whole run. */
export function roundFactors({ localSteps, schedule }: TrainSpec, { round, rounds }: RoundPosition): number[] {
  const first = firstStep(localSteps, round)
  return Array.from({ length: localSteps }, (_, at) => scheduleFactor(schedule, first + at, rounds * localSteps))
}

/** Steps of the run before this round. */
export const firstStep = (localSteps: number, round: number): number => (round - 1) * localSteps

/** A fresh optimizer for one round. */
export function beginOptimizer({ optimizer }: TrainSpec, place: OptimizerPlace): OptimizerRun {
  const { plugin, config } = optimizerOf(optimizer)
  return plugin.begin(config, place)
}

/** @throws {FedError} `invalid-config`: the optimizer would do nothing of its own on these matrices. */
export function requireOptimizerFits({ optimizer }: TrainSpec, matrices: readonly TrainedMatrix[]): void {
  const { plugin, config } = optimizerOf(optimizer)
  const misfit = plugin.misfit?.(config, matrices) ?? null
  if (misfit === null) return
  throw new FedError('invalid-config', misfit, {
    details: { optimizer: optimizer.name },
    fix: 'Set train.optimizer.name to adamw, or choose another method or rank.',
  })
}

/**
 * An upper bound of |trained − received| of any coordinate in a round, whatever the data; see the optimizer's own
 * derivation. The coordinator takes it as the range of the exact sum's grid.
 */
export function largestUpdate(
  train: TrainSpec,
  position: RoundPosition,
  input: Omit<UpdateBoundInput, 'factors'>,
): number {
  const { plugin, config } = optimizerOf(train.optimizer)
  return plugin.largestUpdate(config, { ...input, factors: roundFactors(train, position) })
}

function optimizerOf({ name, ...config }: TrainSpec['optimizer']): { plugin: LocalOptimizer; config: never } {
  return { plugin: unwrap(localOptimizers.byName(name)), config: config as never }
}
