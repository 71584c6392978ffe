import { type Coordinates, FedError } from '@tessera/vocabulary'
import { type Cancellation, throwIfCancelled } from './cancellation.ts'
import type { Batch } from './make-batch.ts'
import type { TrainingSession } from './training-session.ts'

export interface MeanGradientOptions {
  readonly session: TrainingSession
  readonly batches: readonly Batch[]
  readonly coordinates: Coordinates
  readonly onProgress?: (progress: { readonly step: number; readonly steps: number }) => void
  readonly signal?: Cancellation
}

/**
 * Gradient of the mean loss over all completion tokens of the batches: Σ nᵢ gᵢ / Σ nᵢ with nᵢ the completion tokens of
 * batch i. Accumulated in float64, rounded to float32 once.
 *
 * @throws {FedError} `not-finite`; `cancelled`.
 */
export async function meanGradient(options: MeanGradientOptions): Promise<Float32Array> {
  const { session, batches, coordinates, onProgress, signal } = options
  const sum = new Float64Array(coordinates.length)
  let tokens = 0
  for (const [at, batch] of batches.entries()) {
    throwIfCancelled(signal)
    const { loss, gradient } = await session.lossAndGradient(batch, coordinates)
    if (!Number.isFinite(loss)) throw new FedError('not-finite', `the loss of batch ${at + 1} is ${loss}`)
    for (let i = 0; i < sum.length; i++) sum[i]! += batch.targetCount * gradient[i]!
    tokens += batch.targetCount
    onProgress?.({ step: at + 1, steps: batches.length })
  }
  return Float32Array.from(sum, (value) => value / tokens)
}
