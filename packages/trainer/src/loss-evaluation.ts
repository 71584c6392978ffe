import { type Coordinates, FedError } from '@tessera/vocabulary'
import { batchesByLength } from './batches-by-length.ts'
import { type Cancellation, throwIfCancelled } from './cancellation.ts'
import type { TokenizedExample } from './tokenize-examples.ts'
import type { TrainingSession } from './training-session.ts'

export interface LossEvaluationOptions {
  readonly session: TrainingSession
  readonly examples: readonly TokenizedExample[]
  readonly coordinates: Coordinates
  readonly batchSize: number
  readonly onProgress?: (progress: EvaluationProgress) => void
  readonly signal?: Cancellation
}

export interface EvaluationProgress {
  readonly rows: number
  readonly of: number
}

export interface LossEvaluation {
  /** Mean −log p of all completion tokens, ends of text included, in nats; every token counts the same. */
  readonly loss: number
  readonly rows: number
  readonly completionTokens: number
}

/**
 * How well an adapter predicts the completions, without training on them.
 *
 * @throws {FedError} `empty-data`; `cancelled`.
 */
export async function evaluateLoss(options: LossEvaluationOptions): Promise<LossEvaluation> {
  const { session, examples, coordinates, batchSize, onProgress, signal } = options
  if (examples.length === 0) throw new FedError('empty-data', 'no examples to evaluate')
  let [sum, tokens] = [0, 0]
  for (const [at, batch] of batchesByLength(examples, batchSize, session.padId).entries()) {
    throwIfCancelled(signal)
    sum += batch.targetCount * (await session.loss(batch, coordinates))
    tokens += batch.targetCount
    onProgress?.({ rows: Math.min(examples.length, (at + 1) * batchSize), of: examples.length })
  }
  return { loss: sum / tokens, rows: examples.length, completionTokens: tokens }
}
