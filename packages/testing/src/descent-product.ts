import type { Probe } from '@tessera/adapters'
import { fromFloat32, type Matrix, multiplyLeftTransposed, multiplyRightTransposed, toFloat32 } from '@tessera/math'

/**
 * What a client with this gradient G [outDim, inDim] sends in a pass: minus the gradient of the probe's trained factor,
 * −G F₂ᵀ for the left one and −F₁ᵀ G for the right one.
 */
export function descentProduct(gradient: Matrix, { adapter, frozen }: Pick<Probe, 'adapter' | 'frozen'>): Float32Array {
  const [left, right] = adapter.factors
  const product = left!.train
    ? multiplyRightTransposed(gradient, fromFloat32(right!.rows, right!.cols, frozen[right!.name]!))
    : multiplyLeftTransposed(fromFloat32(left!.rows, left!.cols, frozen[left!.name]!), gradient)
  return toFloat32(product).map((value) => -value)
}

/** −Σ wᵢ Gᵢ / Σ wᵢ, the pooled descent direction that no one in a federation ever sees. */
export function pooledDescent(clients: readonly { readonly gradient: Matrix; readonly weight: number }[]): Matrix {
  const total = clients.reduce((sum, { weight }) => sum + weight, 0)
  const pooled = clients[0]!.gradient.data.map((_, at) =>
    clients.reduce((sum, { gradient, weight }) => sum - (gradient.data[at]! * weight) / total, 0),
  )
  return { ...clients[0]!.gradient, data: pooled }
}
