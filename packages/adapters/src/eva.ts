import { toFloat32, transpose } from '@tessera/math'
import { z } from 'zod'
import { defineInitialisation, measuredAt, type SiteRequest } from './initialisation.ts'
import { traceOf } from './measured.ts'
import { countedTokens, dataOption } from './measurement.ts'
import { keptRanks } from './rank-budget.ts'

/**
 * `eva`, Explained Variance Adaptation, Paischer et al. 2024 (https://arxiv.org/abs/2410.07170): A starts at the
 * directions in which a layer's inputs vary most, the leading eigenvectors of their covariance, and B at 0; the ranks
 * of all layers go to the directions that explain most, at the same sum.
 *
 * As in the authors' code, inputs are centred, only tokens that have a label count, and a layer can get up to ρ times
 * the run's rank. They find the directions by incremental SVD over one data set; sums of moments give the same ones.
 */
export const eva = defineInitialisation({
  name: 'eva',
  config: z.object({
    data: dataOption,
    tokens: countedTokens.default('completion').describe('tokens whose activations count'),
    rho: z.number().min(1).default(2).describe('a layer gets at most rho times the rank; 1: all layers the same'),
  }),
  start: 'right',
  source(request) {
    const { data, tokens } = request.config
    const statistic = { of: 'activations', centred: true, tokens } as const
    return { weight: false, measurement: { statistic, place: data, triples: mostRanks(request) } }
  },
  /** s: the share of the variance that each direction explains. */
  spectrum(context) {
    const measured = measuredAt(context)
    const { s, v } = measured.leading(mostRanks(context))
    const total = traceOf(measured.whole())
    return {
      u: new Float32Array(),
      s: Float32Array.from(s, (value) => (total > 0 ? value / total : 0)),
      vT: toFloat32(transpose(v)),
      start: 'right',
    }
  },
  ranks: keptRanks,
})

const mostRanks = ({ site, rank, config }: SiteRequest<{ rho: number }>): number =>
  Math.min(Math.round(rank * config.rho), site.outDim, site.inDim)
