import * as tf from '@tensorflow/tfjs'
import type { Signature, StepProgram } from '@tessera/compiler'
import type { BaseModel } from '@tessera/models'
import type { Site } from '@tessera/vocabulary'
import { parameterConstants } from './adapted-model.ts'
import { positionConstants } from './training-step.ts'

/** Directions P [inDim, width] in which a layer's inputs are looked at; null for all of them, P = I. */
export interface MomentPanel {
  readonly site: Site
  readonly panel: Float32Array | null
}

export interface MomentShape {
  /** B, sequences. */
  readonly rows: number
  /** T, tokens each row is padded to. */
  readonly length: number
}

export const panelInput = (site: string): string => `panel/${site}`

/**
 * The moments of the inputs of some layers in one forward pass of the base model; nothing is differentiated.
 *
 * inputs: tokens int32 [B, T]; counted float32 [B · T]; a panel [inDim, width] a site, where there is one.
 * outputs: of each site, by name, Σ x xᵀP, Σ x, Σ ‖x‖² and Σ 1 over the tokens that count, one after the other.
 */
export function momentsProgram(model: BaseModel, panels: readonly MomentPanel[], shape: MomentShape): StepProgram {
  const { architecture, config } = model
  const sites = new Set(panels.map(({ site }) => site.name))
  const step: StepProgram['step'] = (tensors) => {
    const moments: Record<string, tf.Tensor> = {}
    architecture.network.forward(config, {
      parameters: tensors,
      linear(site, x, weight) {
        if (sites.has(site)) moments[site] = momentsOf(x, tensors.counted!, tensors[panelInput(site)])
        return tf.matMul(x, weight, false, true)
      },
      tokens: tensors.tokens as tf.Tensor2D,
      cos: tensors.cos!,
      sin: tensors.sin!,
      mask: tensors.mask!,
    })
    return moments
  }
  const directions = panels.flatMap(({ site: { name, inDim }, panel }) =>
    panel === null ? [] : [[panelInput(name), { shape: [inDim, panel.length / inDim], dtype: 'float32' as const }]],
  )
  const inputs: Signature = {
    tokens: { shape: [shape.rows, shape.length], dtype: 'int32' },
    counted: { shape: [shape.rows * shape.length], dtype: 'float32' },
    ...Object.fromEntries(directions),
  }
  return { step, inputs, constants: { ...parameterConstants(model), ...positionConstants(model, shape.length) } }
}

/** x [N, inDim] → [inDim · width + inDim + 2]. */
function momentsOf(x: tf.Tensor2D, counted: tf.Tensor, panel: tf.Tensor | undefined): tf.Tensor1D {
  const weights = tf.reshape(counted, [-1, 1]) as tf.Tensor2D
  const weighted = tf.mul(x, weights) as tf.Tensor2D
  const along = panel === undefined ? x : tf.matMul(x, panel as tf.Tensor2D)
  const product = tf.matMul(weighted, along, true, false)
  return tf.concat1d([
    tf.reshape(product, [-1]),
    tf.sum(weighted, 0),
    tf.reshape(tf.sum(tf.mul(weighted, x)), [1]),
    tf.reshape(tf.sum(weights), [1]),
  ])
}
