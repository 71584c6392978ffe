import type { Chain } from './chain.ts'
import type { LayerTensors, SiteAdapter } from './site-adapter.ts'
import type { TensorOps } from './tensor-ops.ts'

/** y = W x + scale · F₁(F₂(… Fₙ x)): the products stay as narrow as the factors, no gradient is as large as a weight. */
export function chainAdapter(chain: Chain): SiteAdapter {
  const { factors, scale } = chain
  const scaled = <T>(ops: TensorOps<T>, value: T): T => (scale === 1 ? value : ops.scale(value, scale))
  const tensors = <T>(at: LayerTensors<T>): T[] => factors.map(({ name }) => at.factors[name])
  return {
    factors,
    chain,
    rank: Math.min(...factors.flatMap(({ rows, cols }) => [rows, cols])),
    forward(ops, at) {
      const base = ops.matMul(at.x, at.weight, { transposeB: true })
      const product = tensors(at).reduceRight((input, factor) => ops.matMul(input, factor, { transposeB: true }), at.x)
      return ops.add(base, scaled(ops, product))
    },
    merged(ops, at) {
      const delta = tensors(at).reduceRight((product, factor) => ops.matMul(factor, product))
      return { weight: ops.add(at.weight, scaled(ops, delta)), bias: null }
    },
  }
}
