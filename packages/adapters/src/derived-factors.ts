import { createRandomStream, type RandomStream } from '@tessera/math'
import { FedError, ShapeError, type Site } from '@tessera/vocabulary'
import { type DerivationSource, sizeOf } from './factor.ts'
import { type AdapterLayout, type FactorSet, factorKey } from './layout.ts'

export interface DerivationOptions {
  /** The run's seed. */
  readonly seed: number | bigint
  /** Base weights, [outDim, inDim]; null where a party holds no base model. */
  readonly weightOf: ((site: Site) => Float32Array) | null
}

/**
 * The frozen factors that nobody sends, made from the run's seed and, where a method says so, the base weights: the
 * same bytes at every party. The streams are named by the factor and the site's place in the layout.
 *
 * @throws {FedError} `invalid-argument`: a factor needs base weights and there are none.
 */
export function derivedFactors({ sites }: AdapterLayout, { seed, weightOf }: DerivationOptions): FactorSet {
  const entries = sites.flatMap(({ site, adapter }, block) =>
    adapter.factors.flatMap((factor) => {
      if (factor.train || factor.derive === undefined) return []
      const values = factor.derive(sourceOf(site, block, { seed, weightOf, factor: factor.name }))
      const key = factorKey(site.name, factor.name)
      if (values.length !== sizeOf(factor)) throw new ShapeError(key, sizeOf(factor), values.length)
      return [[key, values] as const]
    }),
  )
  return Object.fromEntries(entries)
}

function sourceOf(site: Site, block: number, options: DerivationOptions & { factor: string }): DerivationSource {
  const { seed, weightOf, factor } = options
  const stream = (scope: string, at: number): RandomStream =>
    createRandomStream({ seed, purpose: `adapter ${scope} ${factor}`, round: 0, client: 0, block: at })
  return {
    site: stream('site', block),
    run: stream('run', 0),
    weight() {
      if (weightOf !== null) return weightOf(site)
      throw new FedError('invalid-argument', `factor ${factor} of ${site.name} is derived from the base weight`, {
        fix: 'Give the base model.',
      })
    },
  }
}
