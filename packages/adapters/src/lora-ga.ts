import { toFloat32, transpose } from '@tessera/math'
import { FedError, type Site } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineInitialisation, measuredAt } from './initialisation.ts'
import { dataOption } from './measurement.ts'
import { pickColumns } from './truncate.ts'

/**
 * `lora-ga`, Wang et al. 2024 (https://arxiv.org/abs/2407.05000): the first step of B A goes where the first step of
 * the whole weight would go. From the SVD of the gradient, A starts at the right vectors V[0, r) and B at the left ones
 * U[r, 2r).
 *
 * With c = d_out^¼ / √γ, `stable` is what PEFT makes of it, B = c U[r, 2r) diag(s[r, 2r)) and A = Vᵀ[0, r), and `paper`
 * has B = c U[r, 2r) and A = c Vᵀ[0, r). Where alpha is not the rank both are √(rank / alpha) of that, so that ΔW is scaled
 * to the same start whatever alpha is, as with the other products; PEFT leaves them as they are.
 */
export const loraGa = defineInitialisation({
  name: 'lora-ga',
  config: z.object({
    data: dataOption,
    scale: z.enum(['stable', 'paper']).default('stable').describe('stable: as in PEFT; paper: without singular values'),
    gamma: z.number().positive().default(16).describe('γ: larger starts smaller'),
  }),
  start: 'product',
  source({ site, rank, config: { data } }) {
    requireTwice(site, rank)
    return { weight: false, measurement: { statistic: { of: 'gradient' }, place: data, triples: 2 * rank } }
  },
  spectrum(context) {
    const { site, rank, config } = context
    const { u, s, v } = measuredAt(context).leading(2 * rank)
    const c = Math.sqrt(Math.sqrt(site.outDim) / config.gamma)
    const [left, right] = config.scale === 'stable' ? [s.map((value) => c * value), 1] : [s.map(() => c), c]
    return {
      u: toFloat32(pickColumns(u, rank, rank)).map((value, at) => value * left[rank + (at % rank)]),
      s: new Float32Array(rank).fill(1),
      vT: toFloat32(transpose(pickColumns(v, 0, rank))).map((value) => value * right),
      start: 'product',
    }
  },
})

function requireTwice(site: Site, rank: number): void {
  const largest = Math.floor(Math.min(site.outDim, site.inDim) / 2)
  if (rank <= largest) return
  throw new FedError(
    'rank-too-large',
    `lora-ga takes ${2 * rank} singular vectors for rank ${rank}: layer ${site.name} [${site.outDim}, ${site.inDim}] has fewer`,
    { details: { site: site.name, rank, largest }, fix: `Choose adapter.rank <= ${largest}.` },
  )
}
