/** FlexLoRA. Bai et al. 2024 (https://arxiv.org/abs/2402.11505), section 3. */
import {
  beside,
  leadingColumns,
  type Matrix,
  multiply,
  multiplyRightTransposed,
  qr,
  scaled,
  svd,
  transpose,
} from '@tessera/math'
import { definePairRule } from './pair-rule.ts'

/**
 * The best B A of rank r: Σ pᵢ Bᵢ Aᵢ = U S Vᵀ cut after r singular values, B = U S and A = Vᵀ. A stays of full rank where
 * singular values are 0, so that the next round can use these ranks too; half of S on either side would leave a row and
 * a column of zeros that have no gradient. What is cut off is lost; `truncation-error` is its part of the whole,
 * √(Σ_{k>r} σₖ² / Σ σₖ²).
 */
export const flexlora = definePairRule({
  name: 'flexlora',
  profile: { paper: 'Bai et al. 2024 (https://arxiv.org/abs/2402.11505)', cost: 'O(n² r p + n³ r³)' },
  rest: 'nowhere',
  place({ clients, mean }) {
    const rank = mean.B.cols
    const left = beside(clients.map(({ share, B }) => scaled(B, share)))
    const right = beside(clients.map(({ A }) => transpose(A)))
    const { u, s, v } = productSvd(left, right)
    const B = leadingColumns(u, rank)
    return {
      B: { ...B, data: B.data.map((value, at) => value * s[at % rank]!) },
      A: transpose(leadingColumns(v, rank)),
      lost: { part: squares(s.subarray(rank)), whole: squares(s) },
    }
  },
})

/** SVD of L Rᵀ without forming it: L = Q X, R = P Y and X Yᵀ = U S Vᵀ give (Q U) S (P V)ᵀ. */
function productSvd(left: Matrix, right: Matrix) {
  const [x, y] = [qr(left), qr(right)]
  const core = svd(multiplyRightTransposed(x.r, y.r))
  return { u: multiply(x.q, core.u), s: core.s, v: multiply(y.q, core.v) }
}

const squares = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0)
