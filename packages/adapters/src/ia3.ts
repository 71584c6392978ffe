import { z } from 'zod'
import { defineAdapter } from './adapter-method.ts'

/**
 * (IA)³, Liu et al. 2022 (https://arxiv.org/abs/2205.05638): y = l ⊙ (W x) with the vector l [outDim] trained from 1,
 * that is W' = diag(l) W.
 */
export const ia3 = defineAdapter({
  name: 'ia3',
  config: z.object({}),
  needs: 'nothing',
  site: ({ outDim, inDim }) => ({
    factors: [{ name: 'l', rows: 1, cols: outDim, train: true, exactness: 'linear' }],
    chain: null,
    rank: Math.min(outDim, inDim),
    forward: (ops, { x, weight, factors }) => ops.mul(ops.matMul(x, weight, { transposeB: true }), factors.l),
    merged: (ops, { weight, factors }) => ({
      weight: ops.mul(weight, ops.reshape(factors.l, [outDim, 1])),
      bias: null,
    }),
  }),
  start: ({ site }) => ({ l: new Float32Array(site.outDim).fill(1) }),
})
