import type { Site } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineAdapter } from './adapter-method.ts'
import { fullAdapter } from './full.ts'

/** The layer that a site belongs to, the number in its name (`model.layers.3.mlp.up_proj`); null outside of all. */
const layerOf = ({ name }: Site): string | null => /(?:^|\.)(\d+)\./.exec(name)?.[1] ?? null

/**
 * LISA, Pan et al. 2024 (https://arxiv.org/abs/2403.17919): full weight changes W' = W + D, but only at a few layers
 * that are drawn anew every so many rounds from the run's seed; the others rest, and nothing is sent for them. It is a
 * method and no policy of the coordinator, since everyone derives the layers from the seed and nothing is broadcast.
 *
 * All clients train the same layers in a round, and throughout, as the authors do, what belongs to no layer: with
 * `targets: all` the embedding, the head and the last norm.
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
    const own = layerOf(site)
    const all = [...new Set(sites.map(layerOf))].filter((layer) => layer !== null)
    const drawn = random(Math.floor((round - 1) / every)).sample(all, Math.min(layers, all.length))
    return own === null || drawn.includes(own) ? ['D'] : []
  },
})
