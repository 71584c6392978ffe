import { fromFloat32, leadingColumns, multiplyLeftTransposed, qr, toFloat32 } from '@tessera/math'
import { z } from 'zod'
import { baseWeight, defineInitialisation } from './initialisation.ts'

/**
 * `olora`, Büyükakyüz 2024 (https://arxiv.org/abs/2406.01775): W = Q R; B A starts at the first columns of Q times the
 * first rows of R. No data, no singular vectors.
 *
 * The first columns of Q are those of the first columns of W, and the rows of R are Q_rᵀ W: no larger QR is needed. The
 * paper's product is scaled by alpha / rank, here ΔW starts at Q_r R_r whatever they are.
 */
export const olora = defineInitialisation({
  name: 'olora',
  config: z.object({}),
  start: 'product',
  source: () => ({ weight: true, measurement: null }),
  spectrum(context) {
    const { site, rank } = context
    const weight = fromFloat32(site.outDim, site.inDim, baseWeight(context))
    const { q } = qr(leadingColumns(weight, rank))
    return {
      u: toFloat32(q),
      s: new Float32Array(rank).fill(1),
      vT: toFloat32(multiplyLeftTransposed(q, weight)),
      start: 'product',
    }
  },
})
