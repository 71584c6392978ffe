import * as tf from '@tensorflow/tfjs'
import { type AdapterLayout, factorKey, type SiteAdapter } from '@tessera/adapters'
import type { Linear } from '@tessera/models'
import { tfjsOps } from './tfjs-ops.ts'

/** Factor tensors by `factorKey(site, factor)`, each [rows, cols]. */
export type FactorTensors = Readonly<Record<string, tf.Tensor>>

/**
 * The base model's linear layers in the form to train, for rows x [N, inDim]: an adapter's own forward pass, which for
 * most methods is small products beside the layer.
 */
export function adaptedLinear(layout: AdapterLayout, factors: FactorTensors): Linear {
  const adapters = adaptersBySite(layout)
  return (site, x, weight) => {
    const adapter = adapters.get(site)
    if (adapter === undefined) return tf.matMul(x, weight, false, true)
    return adapter.forward<tf.Tensor>(tfjsOps, {
      x,
      weight,
      factors: siteTensors(site, adapter, factors),
    }) as tf.Tensor2D
  }
}

/**
 * The same function with the adapter merged, y = W' x + bias, the form to evaluate: merging costs little beside the
 * many rows of a batch that then need one product only.
 */
export function mergedLinear(layout: AdapterLayout, factors: FactorTensors): Linear {
  const adapters = adaptersBySite(layout)
  return (site, x, weight) => {
    const adapter = adapters.get(site)
    if (adapter === undefined) return tf.matMul(x, weight, false, true)
    const own = siteTensors(site, adapter, factors)
    const merged = adapter.merged<tf.Tensor>(tfjsOps, { weight, factors: own })
    const y: tf.Tensor2D = tf.matMul(x, merged.weight as tf.Tensor2D, false, true)
    return merged.bias === null ? y : tf.add(y, merged.bias)
  }
}

const adaptersBySite = ({ sites }: AdapterLayout): ReadonlyMap<string, SiteAdapter> =>
  new Map(sites.map(({ site, adapter }) => [site.name, adapter]))

/** The factors of one site by name. */
export const siteTensors = (
  site: string,
  { factors }: SiteAdapter,
  tensors: FactorTensors,
): Record<string, tf.Tensor> => Object.fromEntries(factors.map(({ name }) => [name, tensors[factorKey(site, name)]]))
