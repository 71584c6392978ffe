import { z } from 'zod'
import { defineAdapter } from './adapter-method.ts'
import { requireBases } from './required-start.ts'
import { scaledDiagonal, squareAdapter } from './square.ts'

/**
 * LoRA-SB, Ponkshe et al. 2024 (https://arxiv.org/abs/2411.19557): W' = W + B R A with B, A frozen and orthonormal, and
 * only R [r, r] trained. Fed-SB averages R: Singhal et al. 2025 (https://arxiv.org/abs/2502.15436).
 *
 * B = U, A = Vᵀ of the initialisation's spectrum; the scale is 1, so the gradient of R is the best rank-r
 * approximation of the full gradient at every step. R₀ = initialStep · diag(s), or 0.
 */
export const loraSb = defineAdapter({
  name: 'lora-sb',
  config: z.object({
    rank: z.number().int().positive().default(32).describe('rank r; r² numbers a layer are trained and sent'),
    initialStep: z.number().nonnegative().default(0).describe('η of R₀ = η · diag(s); 0 starts at the base model'),
  }),
  needs: 'spectrum',
  initialisation: 'federated-sketch',
  site: (site, { rank }) => squareAdapter(site, rank),
  start(context, { initialStep }) {
    const { u, s, vT } = requireBases(context)
    return { B: u, R: scaledDiagonal(s, initialStep), A: vT }
  },
})
