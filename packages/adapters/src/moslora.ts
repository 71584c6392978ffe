import { FedError } from '@tessera/vocabulary'
import { z } from 'zod'
import { defineAdapter } from './adapter-method.ts'
import { requireRank } from './chain.ts'
import { chainAdapter } from './chain-adapter.ts'
import type { Exactness, Factor } from './factor.ts'
import { seededFactor, uniform } from './seeded.ts'

interface Flags {
  readonly trainB: boolean
  readonly trainMixer: boolean
  readonly trainA: boolean
}

const trainedNames = ({ trainB, trainMixer, trainA }: Flags): string[] => [
  ...(trainB ? ['B'] : []),
  ...(trainMixer ? ['M'] : []),
  ...(trainA ? ['A'] : []),
]

/** One of them alone averages exactly; two as long as the other one is frozen; three not at all. */
function exactnessOf(name: string, trained: readonly string[]): Exactness {
  if (trained.length === 1) return 'linear'
  if (trained.length === 3) return 'product'
  return `linear-if-frozen(${trained.find((other) => other !== name)})`
}

const NESTED = { B: 'cols', M: 'both', A: 'rows' } as const

/**
 * MoSLoRA, Wu et al. 2024 (https://arxiv.org/abs/2406.11909): W' = W + (alpha / rank) B M A, LoRA with a mixer M [r, r]
 * between its factors.
 *
 * Flags say which of the three are trained; frozen ones are drawn from the run's seed. The first trained one of B, M, A
 * starts at zero, the others uniform in ±1/√(columns).
 */
export const moslora = defineAdapter({
  name: 'moslora',
  config: z.object({
    rank: z.number().int().positive().default(8).describe('rank r; r (outDim + r + inDim) numbers a layer'),
    alpha: z.number().positive().default(16).describe('ΔW is scaled by alpha / rank'),
    trainB: z.boolean().default(true).describe('train B [outDim, r]'),
    trainMixer: z.boolean().default(true).describe('train the mixer M [r, r]; alone it averages exactly'),
    trainA: z.boolean().default(true).describe('train A [r, inDim]'),
  }),
  needs: 'nothing',
  site(site, { rank, alpha, ...flags }) {
    requireRank(site, rank)
    const trained = trainedNames(flags)
    if (trained.length === 0) {
      throw new FedError('invalid-config', 'moslora has nothing to train', {
        fix: 'Set one of adapter.trainB, adapter.trainMixer and adapter.trainA to true.',
      })
    }
    const factor = (name: keyof typeof NESTED, rows: number, cols: number): Factor =>
      trained.includes(name)
        ? { name, rows, cols, train: true, exactness: exactnessOf(name, trained), nested: NESTED[name] }
        : seededFactor({ name, rows, cols }, 1 / Math.sqrt(cols))
    const factors = [factor('B', site.outDim, rank), factor('M', rank, rank), factor('A', rank, site.inDim)]
    return chainAdapter({ scale: alpha / rank, factors })
  },
  start({ site, random }, { rank, ...flags }) {
    const sides = { B: [site.outDim, rank], M: [rank, rank], A: [rank, site.inDim] } as Record<string, number[]>
    const values = trainedNames(flags).map((name, at) => {
      const [rows, cols] = sides[name]
      return [name, at === 0 ? new Float32Array(rows * cols) : uniform({ rows, cols }, 1 / Math.sqrt(cols), random)]
    })
    return Object.fromEntries(values)
  },
})
