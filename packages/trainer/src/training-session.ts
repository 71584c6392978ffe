import type { AdapterLayout } from '@tessera/adapters'
import type { Executor } from '@tessera/compiler'
import type { Coordinates } from '@tessera/vocabulary'
import { type AdaptedModel, trainedArrays } from './adapted-model.ts'
import { compileByShape } from './compiled-shapes.ts'
import type { Batch, BatchShape } from './make-batch.ts'
import { batchArrays, gradientOutput, lossProgram, trainingProgram } from './training-step.ts'

export interface LossAndGradient {
  /** Mean over the batch's completion tokens, in nats. */
  readonly loss: number
  /** ∂loss/∂coordinates, flat in the layout's order. */
  readonly gradient: Float32Array
}

/** An adapted model on an executor, ready to run batches of any shape. */
export interface TrainingSession {
  readonly layout: AdapterLayout
  /** The token that fills short rows. */
  readonly padId: number
  /** @throws {ShapeError} the coordinates have another length than the layout. */
  lossAndGradient(batch: Batch, coordinates: Coordinates): Promise<LossAndGradient>
  loss(batch: Batch, coordinates: Coordinates): Promise<number>
  /** Frees the compiled steps; the executor stays open. */
  dispose(): Promise<void>
}

export interface TrainingSessionOptions extends AdaptedModel {
  readonly executor: Executor
}

export function createTrainingSession(options: TrainingSessionOptions): TrainingSession {
  const { executor, layout, model } = options
  const training = compileByShape<BatchShape>(executor, (shape) => trainingProgram(options, shape))
  const losses = compileByShape<BatchShape>(executor, (shape) => lossProgram(options, shape))
  return {
    layout,
    padId: model.tokenizer.padId,
    async lossAndGradient(batch, coordinates) {
      const inputs = { ...batchArrays(batch), ...trainedArrays(layout, coordinates) }
      const step = await training.stepFor(batch.shape)
      const outputs = await step.run(inputs)
      const gradient = new Float32Array(layout.length)
      for (const { site, factor, offset } of layout.segments) {
        gradient.set(outputs[gradientOutput(site, factor)]!, offset)
      }
      return { loss: outputs.loss![0]!, gradient }
    },
    async loss(batch, coordinates) {
      const inputs = { ...batchArrays(batch), ...trainedArrays(layout, coordinates) }
      const step = await losses.stepFor(batch.shape)
      return (await step.run(inputs)).loss![0]!
    },
    async dispose() {
      await training.dispose()
      await losses.dispose()
    },
  }
}
