import * as tf from '@tensorflow/tfjs'
import type { Arrays, Constant, Signature, StepProgram } from '@tessera/compiler'
import { type BaseModel, causalMask, headCrossEntropy } from '@tessera/models'
import { FedError } from '@tessera/vocabulary'
import { adaptedLinear } from './adapted-linear.ts'
import { type AdaptedModel, factorInput, factorTensors, modelConstants, trainedSignature } from './adapted-model.ts'
import { adaptedParameters } from './adapted-parameters.ts'
import type { Batch, BatchShape } from './make-batch.ts'
import { bucketLength } from './sequence-bucket.ts'

type Tensors = Readonly<Record<string, tf.Tensor>>

/** Output of a training step that holds the gradient of one trained factor. */
export const gradientOutput = (site: string, factor: string): string => `gradient/${site}.${factor}`

/**
 * One step's loss and the gradient of every trained factor, for batches of one shape. Base parameters and frozen
 * factors are constants: nothing is differentiated for them.
 *
 * inputs: tokens, predictors, targets, weights (see `Batch`) and the trained factors.
 * outputs: loss [], and `gradientOutput(site, factor)` [rows, cols] for each segment of the layout.
 */
export function trainingProgram(adapted: AdaptedModel, shape: BatchShape): StepProgram {
  const names = adapted.layout.segments.map(({ site, factor }) => factorInput(site, factor))
  const step = (tensors: Tensors): Record<string, tf.Tensor> => {
    const lossOf = (...trained: tf.Tensor[]): tf.Scalar =>
      batchLoss(adapted, { ...tensors, ...Object.fromEntries(names.map((name, at) => [name, trained[at]!])) })
    const { value, grads } = tf.valueAndGrads(lossOf)(names.map((name) => tensors[name]!))
    const gradients = adapted.layout.segments.map(({ site, factor }, at) => [gradientOutput(site, factor), grads[at]!])
    return { loss: value, ...Object.fromEntries(gradients) }
  }
  return { step, ...surroundings(adapted, shape) }
}

/** The loss alone, for evaluation: as `trainingProgram` without the gradients. */
export function lossProgram(adapted: AdaptedModel, shape: BatchShape): StepProgram {
  return { step: (tensors) => ({ loss: batchLoss(adapted, tensors) }), ...surroundings(adapted, shape) }
}

/** A batch as inputs of either program. */
export const batchArrays = ({ tokens, predictors, targets, weights }: Batch): Arrays => ({
  tokens,
  predictors,
  targets,
  weights,
})

/** Σ weights · −log p(target): the mean over the batch's completion tokens, in nats. */
function batchLoss(adapted: AdaptedModel, tensors: Tensors): tf.Scalar {
  const { model, layout } = adapted
  const { architecture, config } = model
  const parameters = adaptedParameters(adapted, tensors)
  const hidden = architecture.network.forward(config, {
    parameters,
    linear: adaptedLinear(layout, factorTensors(layout, tensors)),
    tokens: tensors.tokens as tf.Tensor2D,
    cos: tensors.cos!,
    sin: tensors.sin!,
    mask: tensors.mask!,
  })
  const rows = tf.reshape(hidden, [-1, config.hidden_size])
  const predicting = tf.gather(rows, tensors.predictors as tf.Tensor1D) as tf.Tensor2D
  const head = architecture.network.headWeight(config, parameters)
  return headCrossEntropy(predicting, head, tensors.targets as tf.Tensor1D, tensors.weights as tf.Tensor1D)
}

function surroundings(adapted: AdaptedModel, { rows, length, targets }: BatchShape): Omit<StepProgram, 'step'> {
  const inputs: Signature = {
    tokens: { shape: [rows, length], dtype: 'int32' },
    predictors: { shape: [targets], dtype: 'int32' },
    targets: { shape: [targets], dtype: 'int32' },
    weights: { shape: [targets], dtype: 'float32' },
    ...trainedSignature(adapted.layout),
  }
  return { inputs, constants: { ...modelConstants(adapted), ...positionConstants(adapted.model, length) } }
}

/** Causal mask [T, T] and rotary tables [1, T, headDim], the same for every row. */
export function positionConstants(model: BaseModel, length: number): Record<string, Constant> {
  const longest = model.config.max_position_embeddings
  if (length > bucketLength(longest)) {
    throw new FedError(
      'invalid-config',
      `a batch has sequences of up to ${length} tokens, the model takes ${longest}`,
      {
        details: { length, longest },
        fix: `Choose maxLength <= ${longest}.`,
      },
    )
  }
  const { cos, sin } = model.architecture.network.rotaryTables(model.config, [...new Array(length).keys()])
  const table = [1, length, cos.length / length]
  return {
    mask: { shape: [length, length], dtype: 'float32', data: causalMask(length) },
    cos: { shape: table, dtype: 'float32', data: cos },
    sin: { shape: table, dtype: 'float32', data: sin },
  }
}
