import { matrix } from '@tessera/math'
import { z } from 'zod'
import { defineInitialisation, measuredAt } from './initialisation.ts'
import { measuredInFull } from './measured.ts'
import { calibrationFile } from './measurement.ts'
import { spectrumOf } from './truncate.ts'

/**
 * `calibration`, the start of LoRA-SB, Ponkshe et al. 2024 (https://arxiv.org/abs/2411.19557): the truncated SVD of the
 * descent direction −G on a public calibration file.
 *
 * variant `gradient`: SVD of −G. variant `adam-sign`: SVD of −sign(G), Adam's first step, which is what the
 * authors' code does; sign(G) of a low-rank gradient has full rank, so it captures less of G.
 */
export const calibration = defineInitialisation({
  name: 'calibration',
  config: z.object({
    ...calibrationFile,
    variant: z.enum(['gradient', 'adam-sign']).default('gradient').describe('SVD of −G, or of −sign(G)'),
  }),
  start: 'zero',
  source: ({ rank, config: { file, rows } }) => ({
    weight: false,
    measurement: { statistic: { of: 'gradient' }, place: { kind: 'calibration', file, rows }, triples: rank },
  }),
  spectrum(context) {
    const { rank, random, config } = context
    const measured = measuredAt(context)
    if (config.variant === 'gradient') return spectrumOf(measured.leading(rank), rank)
    const { rows, cols, data } = measured.whole()
    return spectrumOf(measuredInFull(matrix(rows, cols, data.map(Math.sign)), random).leading(rank), rank)
  },
})
