import { z } from 'zod'
import { defineAdapter } from './adapter-method.ts'
import { requireRank } from './chain.ts'
import { chainAdapter } from './chain-adapter.ts'
import { requireBases } from './required-start.ts'

/**
 * LaMDA, Azizi et al. 2024 (https://arxiv.org/abs/2406.12832): W' = W + B R A with A frozen, the square R [r, r]
 * trained, and B [outDim, r] trained at first and then frozen.
 *
 * B = U and A = Vᵀ of the spectrum, R = 0. The authors freeze B row by row in the early steps; here all clients freeze
 * it between two rounds, at the coordinator's word: from then on r² numbers are sent and their mean is exact.
 */
export const lamda = defineAdapter({
  name: 'lamda',
  config: z.object({
    rank: z.number().int().positive().default(32).describe('rank r; r² + outDim · r numbers a layer, then r²'),
    freezeAfter: z.number().int().nonnegative().default(3).describe('B is trained up to this round, then frozen'),
  }),
  needs: 'spectrum',
  initialisation: 'weights',
  site(site, { rank }) {
    requireRank(site, rank)
    return chainAdapter({
      scale: 1,
      factors: [
        { name: 'B', rows: site.outDim, cols: rank, train: true, exactness: 'linear-if-frozen(R)', nested: 'cols' },
        { name: 'R', rows: rank, cols: rank, train: true, exactness: 'linear-if-frozen(B)', nested: 'both' },
        { name: 'A', rows: rank, cols: site.inDim, train: false },
      ],
    })
  },
  start(context, { rank }) {
    const { u, vT } = requireBases(context)
    return { B: u, R: new Float32Array(rank * rank), A: vT }
  },
  active: ({ round }, { freezeAfter }) => (round <= freezeAfter ? ['B', 'R'] : ['R']),
})
