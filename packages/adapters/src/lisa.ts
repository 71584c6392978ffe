import type { Site } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineAdapter } from './adapter-method.ts'
import { fullAdapter } from './full.ts'

/** The layer that a site belongs to: the number in its name (`model.layers.3.mlp.up_proj`), or else itself. */
const layerOf = ({ name }: Site): string => /(?:^|\.)(\d+)\./.exec(name)?.[1] ?? name

/**
 * LISA: full weight changes W' = W + D, but only at a few layers that are drawn anew every so many rounds from the run's
 * seed; the others rest, and nothing is sent for them. It is a method and no policy of the coordinator, since everyone
 * derives the layers from the seed and nothing is broadcast. Pan et al. 2024 (https://arxiv.org/abs/2403.17919).
 *
 * All clients train the same layers in a round. The authors also train the embedding and the head throughout, which are
 * no sites here.
 */
export const lisa = defineAdapter({
  name: 'lisa',
  config: z.object({
    layers: z.number().int().positive().default(2).describe('layers that are trained in a round'),
    every: z.number().int().positive().default(1).describe('rounds after which other layers are drawn'),
  }),
  needs: 'nothing',
  site: fullAdapter,
  start: ({ site }) => ({ D: new Float32Array(site.outDim * site.inDim) }),
  active({ round, site, sites, random }, { layers, every }) {
    const all = [...new Set(sites.map(layerOf))]
    const drawn = random(Math.floor((round - 1) / every)).sample(all, Math.min(layers, all.length))
    return drawn.includes(layerOf(site)) ? ['D'] : []
  },
})
