import { type Matrix, qr, sketchMatrix, toFloat32, transpose } from '@tessera/math'
import { z } from 'zod'
import { defineInitialisation, type SiteContext } from './initialisation.ts'

/**
 * `random`, as Zhu et al. 2024 draw A (https://arxiv.org/abs/2402.16842): orthonormal frames from the run's seed, no
 * data and no weights: the control for all others. LoRA takes the right one as A.
 */
export const randomFrames = defineInitialisation({
  name: 'random',
  config: z.object({}),
  start: 'zero',
  source: () => ({ weight: false, measurement: null }),
  spectrum(context) {
    const { site, rank } = context
    return {
      u: toFloat32(frame(site.outDim, context)),
      s: new Float32Array(rank).fill(1),
      vT: toFloat32(transpose(frame(site.inDim, context))),
      start: 'zero',
    }
  },
})

/** Orthonormal columns [side, rank]: the Q of uniform numbers. */
const frame = (side: number, { rank, random }: SiteContext<unknown>): Matrix => qr(sketchMatrix(side, rank, random)).q
