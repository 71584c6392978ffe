import {
  fromFloat32,
  type Matrix,
  matrix,
  multiply,
  multiplyLeftTransposed,
  randomizedSvd,
  type Svd,
  svd,
  toFloat32,
} from '@tessera/math'
import { FedError, type Site } from '@tessera/vocabulary'
import { z } from 'zod'
import { baseWeight, defineInitialisation, measuredAt, type SiteContext } from './initialisation.ts'
import { traceOf } from './measured.ts'
import { countedTokens, dataOption } from './measurement.ts'
import { pickColumns } from './truncate.ts'

const MODES = ['instruction-previewed', 'knowledge-preserved'] as const

/**
 * `corda`, Context-Oriented Decomposition Adaptation, Yang et al. 2024 (https://arxiv.org/abs/2406.05223): with
 * C = E[x xᵀ] of the layer's inputs, W C = U diag(s) Vᵀ and so W = U diag(s) Vᵀ C⁻¹. B A starts at the r largest terms
 * of this sum, the directions of the data's task (instruction-previewed mode), or at the r smallest, which leaves what
 * the data know as it is (knowledge-preserved mode; of clients' data only by sketches as wide as the layer).
 *
 * C gets a hundredth of its mean diagonal added to the diagonal, as the authors begin with. diag(s) Vᵀ C⁻¹ is Uᵀ W, so
 * nothing is inverted.
 */
export const corda = defineInitialisation({
  name: 'corda',
  config: z.object({
    data: dataOption,
    tokens: countedTokens.default('all').describe('tokens whose activations count'),
    mode: z.enum(MODES).default('instruction-previewed').describe('learn the data’s task, or keep what the data know'),
    damping: z.number().positive().default(0.01).describe('part of the mean diagonal of C that is added to it'),
  }),
  start: 'product',
  source({ site, rank, config: { data, tokens, mode } }) {
    if (mode === 'knowledge-preserved' && data.kind === 'federated') requireWholeSketch(site, rank + data.oversample)
    const statistic = { of: 'activations', centred: false, tokens } as const
    return { weight: true, measurement: { statistic, place: data, triples: rank } }
  },
  spectrum(context) {
    const { site, rank, config, random } = context
    const weight = fromFloat32(site.outDim, site.inDim, baseWeight(context))
    const oriented = multiply(weight, dampedMoment(context))
    const { u, s } =
      config.mode === 'instruction-previewed'
        ? randomizedSvd(oriented, { rank, random, powerPasses: 4 })
        : smallest(oriented, rank)
    const right = multiplyLeftTransposed(u, weight) // diag(s) Vᵀ C⁻¹, [rank, inDim]
    const inverse = right.data.map((value, at) => {
      const own = s[Math.floor(at / site.inDim)]
      return own > 0 ? value / own : 0
    })
    return { u: toFloat32(u), s: Float32Array.from(s), vT: Float32Array.from(inverse), start: 'product' }
  },
})

/** C + damping · mean(diag C) · I */
function dampedMoment(context: SiteContext<{ damping: number }>): Matrix {
  const moment = measuredAt(context).whole()
  const extra = (context.config.damping * traceOf(moment)) / moment.rows
  const data = moment.data.map((value, at) => (at % (moment.rows + 1) === 0 ? value + extra : value))
  return matrix(moment.rows, moment.cols, data)
}

/** The last left singular vectors with their values, descending. */
function smallest(a: Matrix, rank: number): Pick<Svd, 'u' | 's'> {
  const { u, s } = svd(a)
  return { u: pickColumns(u, s.length - rank, rank), s: s.slice(s.length - rank) }
}

/** A sketch as wide as the layer has every direction of its inputs; a narrower one has the largest. */
function requireWholeSketch({ name, inDim }: Site, width: number): void {
  if (width >= inDim) return
  throw new FedError(
    'invalid-config',
    `corda’s knowledge-preserved mode needs the smallest terms, and a sketch of ${width} of the ${inDim} directions at ${name} has the largest`,
    {
      details: { site: name, width, inDim },
      fix: 'Set initialisation.data.oversample to the widest layer’s inDim, give a public file of what is to be kept (initialisation.data.kind calibration), or use the other mode.',
    },
  )
}
