import type { Site } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineAdapter } from './adapter-method.ts'
import { sharedColumns, sharedRows } from './seeded.ts'
import { lowRank } from './site-adapter.ts'
import { activeSides, sideFactors, sideStart, trainedSides } from './two-sides.ts'

const names = { left: 'b', right: 'd' }

const sides = ({ outDim }: Site, rank: number, initial: number) => ({
  left: { name: 'b', rows: outDim, cols: 1, derive: () => new Float32Array(outDim).fill(1) },
  right: { name: 'd', rows: rank, cols: 1, derive: () => new Float32Array(rank).fill(initial) },
})

/**
 * VeRA, Kopiczko et al. 2023 (https://arxiv.org/abs/2310.11454): W' = W + diag(b) B diag(d) A with the vectors
 * b [outDim] and d [r] trained, and B, A random, frozen and shared by all layers.
 *
 * b = 0 and d = dInitial. B and A are uniform in ±√(6 / columns) (Kaiming), drawn from the run's seed: a smaller layer
 * has the leading rows and columns of a larger one, A up to its scale.
 */
export const vera = defineAdapter({
  name: 'vera',
  config: z.object({
    rank: z.number().int().positive().default(256).describe('width r of the shared bases; outDim + r numbers a layer'),
    dInitial: z.number().positive().default(0.1).describe('what every entry of d starts at'),
    trains: trainedSides('b', 'd'),
  }),
  needs: 'nothing',
  site(site, { rank, dInitial, trains }) {
    const { outDim, inDim } = site
    const factors = [
      ...sideFactors(trains, sides(site, rank, dInitial)),
      sharedRows({ name: 'B', rows: outDim, cols: rank }, Math.sqrt(6 / rank)),
      sharedColumns({ name: 'A', rows: rank, cols: inDim }, Math.sqrt(6 / inDim)),
    ]
    return lowRank({ factors, rank: Math.min(rank, outDim, inDim) }, (ops, { b, d, B, A }) => ({
      left: ops.mul(B, b),
      right: ops.mul(A, d),
    }))
  },
  start({ site }, { rank, dInitial, trains }) {
    const both = sides(site, rank, dInitial)
    return sideStart(trains, both, both.right.derive)
  },
  active: (place, { trains }) => activeSides(trains, place, names),
})
