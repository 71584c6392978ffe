import type { Site } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineAdapter } from './adapter-method.ts'
import { reweighted, type SiteAdapter } from './site-adapter.ts'

/** W' = W + D with all of D [outDim, inDim] trained. */
export function fullAdapter({ outDim, inDim }: Site): SiteAdapter {
  const factors = [{ name: 'D', rows: outDim, cols: inDim, train: true, exactness: 'linear' }] as const
  return reweighted({ factors, rank: Math.min(outDim, inDim) }, (ops, { weight, factors: { D } }) => ops.add(weight, D))
}

/**
 * Full parameters, as federated averaging began, McMahan et al. 2017 (https://arxiv.org/abs/1602.05629): W' = W + D,
 * every weight of the adapted layers trained.
 */
export const full = defineAdapter({
  name: 'full',
  config: z.object({}),
  needs: 'nothing',
  site: fullAdapter,
  start: ({ site }) => ({ D: new Float32Array(site.outDim * site.inDim) }),
})
