import { createRandomStream } from '@tessera/math'
import type { Directions, RoundWork } from '@tessera/subspaces'
import { throwIfCancelled } from './cancellation.ts'
import { type LocalRound, type LocalRoundOptions, notFinite, type RoundMetrics, trainRound } from './local-round.ts'
import type { Batch } from './make-batch.ts'
import { needsGradients } from './needs-gradients.ts'
import { roundBatches } from './round-batches.ts'
import { roundFactors } from './train-spec.ts'

export interface SubspaceRoundOptions extends LocalRoundOptions {
  /** The vectors that the round moves along; `coordinates` are those of the adapter. */
  readonly directions: Directions
  /** The client's place in its cohort, from 0. */
  readonly place: number
  /** e, what earlier rounds have left of the client's changes, shape of `coordinates`; null where nothing is fed back. */
  readonly left?: Float32Array | null
  /** The worker computes losses only. */
  readonly forwardOnly?: boolean
}

export interface SubspaceRound extends LocalRound {
  /** What the subspace tells of the round, by metric name. */
  readonly measured: Readonly<Record<string, number>>
  /** p = Δ + e, what the update stands for; null where nothing is fed back. */
  readonly sum: Float32Array | null
}

/**
 * One client's part of a round in a subspace: as `trainRound`, but the update is in the numbers of the subspace.
 *
 * @throws {FedError} those of `trainRound`; `invalid-config`: this worker computes no gradients, and the subspace needs
 * them.
 */
export async function subspaceRound(options: SubspaceRoundOptions): Promise<SubspaceRound> {
  const tally = createTally()
  const { left = null } = options
  let sum: Float32Array | null = null
  const work = workOf(options, tally)
  const descend = async (): Promise<Float32Array> => {
    const update = await work.descend()
    if (left === null) return update
    sum = update.map((value, at) => value + left[at]!)
    return sum
  }
  const { coefficients, metrics: measured } = await options.directions.search({ ...work, descend })
  return { update: coefficients, metrics: tally.metrics(), measured, sum }
}

function workOf(options: SubspaceRoundOptions, tally: Tally): RoundWork {
  const { session, coordinates, train, seed, client, round, place, forwardOnly = false, signal, onProgress } = options
  const batchAt = roundBatches(options)
  const told = (step: number, batch: Batch, loss: number): void => {
    if (!Number.isFinite(loss)) throw notFinite(options, step, loss)
    tally.add(batch, loss)
    onProgress?.({ step: step + 1, steps: train.localSteps, loss })
  }
  return {
    received: coordinates,
    place,
    random: createRandomStream({ seed, purpose: 'subspace', round, client, block: 0 }),
    factors: roundFactors(train, options),
    async descend() {
      if (forwardOnly) throw needsGradients('the subspace of the run')
      const { update, metrics } = await trainRound(options)
      tally.take(metrics)
      return update
    },
    async loss(step, inner) {
      throwIfCancelled(signal)
      const batch = batchAt(step)
      const loss = await session.loss(batch, inner)
      told(step, batch, loss)
      return loss
    },
    gradient: forwardOnly
      ? null
      : async (step, inner) => {
          throwIfCancelled(signal)
          const batch = batchAt(step)
          const { loss, gradient } = await session.lossAndGradient(batch, inner)
          told(step, batch, loss)
          return gradient
        },
  }
}

type Tally = ReturnType<typeof createTally>

/** Counts the passes through the model that a search asks for. */
function createTally() {
  let [sum, passes, lastLoss, tokens, completionTokens] = [0, 0, Number.NaN, 0, 0]
  let taken: RoundMetrics | null = null
  return {
    add({ tokenCount, targetCount }: Batch, loss: number): void {
      sum += loss
      passes += 1
      lastLoss = loss
      tokens += tokenCount
      completionTokens += targetCount
    },
    take(metrics: RoundMetrics): void {
      taken = metrics
    },
    metrics: (): RoundMetrics =>
      taken ?? { trainLoss: sum / passes, lastLoss, steps: passes, tokens, completionTokens },
  }
}
