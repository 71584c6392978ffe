import { fromFloat32, randomizedSvd } from '@tessera/math'
import { z } from 'zod'
import { baseWeight, defineInitialisation } from './initialisation.ts'
import { spectrumOf } from './truncate.ts'

/**
 * `weights`, the start of LoRA-XS, Bałazy et al. 2024 (https://arxiv.org/abs/2405.17604): the truncated SVD of the base
 * weight W, no data at all.
 */
export const weights = defineInitialisation({
  name: 'weights',
  config: z.object({}),
  start: 'zero',
  source: () => ({ weight: true, measurement: null }),
  spectrum(context) {
    const { site, rank, random } = context
    const weight = fromFloat32(site.outDim, site.inDim, baseWeight(context))
    return spectrumOf(randomizedSvd(weight, { rank, random, powerPasses: 4 }), rank)
  },
})
