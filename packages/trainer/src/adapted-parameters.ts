import * as tf from '@tensorflow/tfjs'
import { otherWeights, type Parameters } from '@tessera/models'
import { siteTensors } from './adapted-linear.ts'
import { type AdaptedModel, factorTensors } from './adapted-model.ts'
import { tfjsOps } from './tfjs-ops.ts'

/**
 * The base parameters among a step's tensors, those that are adapted and belong to no linear layer in their merged form:
 * an architecture uses them as they are, a tied head in both of its places.
 */
export function adaptedParameters({ model, layout }: AdaptedModel, tensors: Parameters): Parameters {
  const others = new Set(otherWeights(model).map(({ name }) => name))
  const factors = factorTensors(layout, tensors)
  const adapted = layout.sites.flatMap(({ site: { name, outDim, inDim }, adapter }) => {
    if (!others.has(name)) return []
    const base = tensors[`${name}.weight`]!
    const weight = tf.reshape(base, [outDim, inDim])
    const merged = adapter.merged<tf.Tensor>(tfjsOps, { weight, factors: siteTensors(name, adapter, factors) })
    return [[`${name}.weight`, tf.reshape(merged.weight, base.shape)] as const]
  })
  return { ...tensors, ...Object.fromEntries(adapted) }
}
