import { z } from 'zod'
import { defineInitialisation, measuredAt } from './initialisation.ts'
import { federatedPasses } from './measurement.ts'
import { spectrumOf } from './truncate.ts'

/**
 * `federated-sketch`, the start of LoRA-SB, Ponkshe et al. 2024 (https://arxiv.org/abs/2411.19557), from clients' data:
 * the truncated SVD of their mean descent direction −Σ pᵢ Gᵢ, by sketches: no client ever sends a gradient; see
 * `gradientSketch`.
 */
export const federatedSketch = defineInitialisation({
  name: 'federated-sketch',
  config: z.object(federatedPasses),
  start: 'zero',
  source: ({ rank, config }) => ({
    weight: false,
    measurement: { statistic: { of: 'gradient' }, place: { kind: 'federated', ...config }, triples: rank },
  }),
  spectrum: (context) => spectrumOf(measuredAt(context).leading(context.rank), context.rank),
})
