import type { RandomStream } from '@tessera/math'
import { z } from 'zod'
import { defineAdapter } from './adapter-method.ts'
import { positionsOf, sparseAdapter, sparseCount } from './sparse.ts'

/** `count` different numbers below `limit`, ascending, each set equally likely (Floyd's algorithm). */
function distinct(count: number, limit: number, random: RandomStream): number[] {
  const drawn = new Set<number>()
  for (let last = limit - count; last < limit; last++) {
    const number = random.below(last + 1)
    drawn.add(drawn.has(number) ? last : number)
  }
  return [...drawn].sort((a, b) => a - b)
}

/**
 * SLTrain's sparse term, Han et al. 2024 (https://arxiv.org/abs/2406.02214): W' = W + S, the values of S trained from 0
 * at positions drawn once, uniformly, from the run's seed, so that no index is ever sent.
 */
export const sltrain = defineAdapter({
  name: 'sltrain',
  config: z.object({
    density: z.number().positive().max(1).default(0.03).describe('part of the entries of a layer that is trained'),
  }),
  needs: 'nothing',
  site(site, { density }) {
    const count = sparseCount(site, density)
    return sparseAdapter(site, count, ({ site: random }) =>
      positionsOf(distinct(count, site.outDim * site.inDim, random), site),
    )
  },
  start: ({ site }, { density }) => ({ v: new Float32Array(sparseCount(site, density)) }),
})
