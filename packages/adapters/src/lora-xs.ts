import { z } from 'zod'
import { defineAdapter } from './adapter-method.ts'
import { requireBases } from './required-start.ts'
import { squareAdapter } from './square.ts'

/**
 * LoRA-XS, Bałazy et al. 2024 (https://arxiv.org/abs/2405.17604): W' = W + B R A with B = U, A = diag(s) Vᵀ from the
 * SVD of W, frozen; R [r, r] is trained from 0.
 *
 * The authors draw R₀ from N(0, 10⁻¹⁰), which is zero to the eye and would only cost a seed: R₀ = 0 here.
 */
export const loraXs = defineAdapter({
  name: 'lora-xs',
  config: z.object({
    rank: z.number().int().positive().default(32).describe('rank r; r² numbers a layer are trained and sent'),
  }),
  needs: 'spectrum',
  initialisation: 'weights',
  site: (site, { rank }) => squareAdapter(site, rank),
  start(context, { rank }) {
    const { u, s, vT } = requireBases(context)
    const scaled = vT.map((value, at) => value * s[Math.floor(at / context.site.inDim)])
    return { B: u, R: new Float32Array(rank * rank), A: scaled }
  },
})
