import { addPenaltyInto, leadingBlock } from '@tessera/adapters'
import { type Coordinates, FedError, type Update } from '@tessera/vocabulary'
import { type Cancellation, throwIfCancelled } from './cancellation.ts'
import { optimizerPlace } from './optimizer-place.ts'
import { roundBatches } from './round-batches.ts'
import type { TokenizedExample } from './tokenize-examples.ts'
import { beginOptimizer, firstStep, type RoundPosition, roundFactors, type TrainSpec } from './train-spec.ts'
import type { TrainingSession } from './training-session.ts'

export interface LocalRoundOptions extends RoundPosition {
  readonly session: TrainingSession
  /** The client's examples. */
  readonly examples: readonly TokenizedExample[]
  /** As received. Not modified. */
  readonly coordinates: Coordinates
  readonly train: TrainSpec
  /** Coordinates beyond the leading block of this rank stay as received: see `leadingBlock`. All train when absent. */
  readonly largestRank?: number | undefined
  /** The run's seed. */
  readonly seed: number | bigint
  /** The client's number in the run, an unsigned 32-bit integer. */
  readonly client: number
  readonly onProgress?: (progress: RoundProgress) => void
  readonly signal?: Cancellation
}

export interface RoundProgress {
  /** Steps done. */
  readonly step: number
  readonly steps: number
  /** Mean loss of this step's batch, nats a completion token. */
  readonly loss: number
}

export interface RoundMetrics {
  /** Mean of the steps' losses, each before its step, nats a completion token. */
  readonly trainLoss: number
  readonly lastLoss: number
  readonly steps: number
  /** Tokens that went through the model, padding not counted. */
  readonly tokens: number
  /** Completion tokens that were learned from. */
  readonly completionTokens: number
}

export interface LocalRound {
  /** Trained minus received. */
  readonly update: Update
  readonly metrics: RoundMetrics
}

/**
 * One client's part of a round: `localSteps` optimizer steps from the received coordinates. Nothing is kept between
 * rounds: batches and schedule go on where the round before ended, the optimizer's state starts empty. So the same
 * options give the same bytes, on any worker with the same executor.
 *
 * @throws {FedError} `empty-data`; `not-finite`: a loss is NaN or infinite; `cancelled`; `invalid-config`: a method
 * without nested ranks can not be trained to a largest rank.
 */
export async function trainRound(options: LocalRoundOptions): Promise<LocalRound> {
  const { session, coordinates, train, seed, onProgress, signal } = options
  const batchAt = roundBatches(options)
  const trained = coordinates.slice()
  const confine = confinement(options)
  const optimizer = beginOptimizer(train, optimizerPlace(session.layout, { seed, round: options.round }))
  const total = { loss: 0, tokens: 0, completionTokens: 0 }
  let lastLoss = Number.NaN
  for (const [at, factor] of roundFactors(train, options).entries()) {
    throwIfCancelled(signal)
    const batch = batchAt(at)
    const { loss, gradient } = await session.lossAndGradient(batch, trained)
    if (!Number.isFinite(loss)) throw notFinite(options, at, loss)
    addPenaltyInto(gradient, session.layout, trained)
    optimizer.stepInto(trained, confine.gradient(gradient), factor)
    confine.keepInto(trained)
    lastLoss = loss
    total.loss += loss
    total.tokens += batch.tokenCount
    total.completionTokens += batch.targetCount
    onProgress?.({ step: at + 1, steps: train.localSteps, loss })
  }
  const { loss, ...counts } = total
  const metrics = { trainLoss: loss / train.localSteps, lastLoss, steps: train.localSteps, ...counts }
  return { update: trained.map((value, at) => value - coordinates[at]!), metrics }
}

/**
 * Keeps a round within the leading block of its largest rank. Gradients beyond it are taken as 0, so that they do not
 * steer steps within; what weight decay or a projection moves beyond it all the same is put back.
 */
function confinement({ session: { layout }, coordinates, largestRank }: LocalRoundOptions) {
  if (largestRank === undefined) return { gradient: (values: Float32Array) => values, keepInto: () => {} }
  const block = leadingBlock(layout, new Float32Array(layout.length).fill(1), largestRank)
  return {
    gradient: (values: Float32Array) => leadingBlock(layout, values, largestRank),
    keepInto(trained: Float32Array) {
      for (const [at, inside] of block.entries()) if (inside === 0) trained[at] = coordinates[at]!
    },
  }
}

/** @param at Step of the round, from 0. */
export function notFinite({ round, train }: LocalRoundOptions, at: number, loss: number): FedError {
  const step = firstStep(train.localSteps, round) + at
  return new FedError('not-finite', `the loss became ${loss} in step ${step + 1} of the run (round ${round})`, {
    details: { round, step, loss: String(loss) },
    fix: 'Lower optimizer.learningRate, or give schedule.warmupSteps.',
  })
}
