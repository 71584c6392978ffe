import { z } from 'zod'
import { defineAdapter } from './adapter-method.ts'

/**
 * SSF, Lian et al. 2022 (https://arxiv.org/abs/2210.08823): y = γ ⊙ (W x) + β, a scale γ [outDim] trained from 1 and a
 * shift β [outDim] from 0: W' = diag(γ) W, bias β.
 */
export const ssf = defineAdapter({
  name: 'ssf',
  config: z.object({}),
  needs: 'nothing',
  site: ({ outDim, inDim }) => ({
    factors: [
      { name: 'scale', rows: 1, cols: outDim, train: true, exactness: 'linear' },
      { name: 'shift', rows: 1, cols: outDim, train: true, exactness: 'linear' },
    ],
    chain: null,
    rank: Math.min(outDim, inDim),
    forward: (ops, { x, weight, factors: { scale, shift } }) =>
      ops.add(ops.mul(ops.matMul(x, weight, { transposeB: true }), scale), shift),
    merged: (ops, { weight, factors: { scale, shift } }) => ({
      weight: ops.mul(weight, ops.reshape(scale, [outDim, 1])),
      bias: shift,
    }),
  }),
  start: ({ site }) => ({ scale: new Float32Array(site.outDim).fill(1), shift: new Float32Array(site.outDim) }),
})
