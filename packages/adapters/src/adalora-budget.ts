import { z } from 'zod'
import { rankMeans } from './kept-ranks.ts'
import { bestRanks } from './rank-budget.ts'
import { defineRankPolicy, type RankPlan } from './rank-policy.ts'

const share = z.number().min(0).lt(1).default(0.85)
const config = z.object({
  targetRank: z.number().int().positive().default(4).describe('ranks a layer at the end, on average'),
  warmupRounds: z.number().int().nonnegative().default(1).describe('first rounds, that keep all ranks'),
  finalRounds: z.number().int().nonnegative().default(1).describe('last rounds, that train with the final ranks'),
  beta1: share.describe('memory of the sensitivity'),
  beta2: share.describe('memory of its uncertainty'),
})

/**
 * AdaLoRA's budget: after each round the ranks of all layers together are those of the largest importance, as many as the
 * budget b allows; it falls by a cubic from rank · layers to targetRank · layers. Zhang et al. 2023
 * (https://arxiv.org/abs/2303.10512), equations 8 to 12, in rounds t of T instead of steps.
 *
 *   I = |w · Δw|    Ī ← β₁ Ī + (1 − β₁) I    U ← β₂ U + (1 − β₂) |I − Ī|    s = Ī · U
 *   importance of rank k = s(λ_k) + mean s(P_:k) + mean s(Q_k:)
 *   b(t) = b_T + (b_0 − b_T)(1 − (t − t_i) / (T − t_i − t_f))³ between t_i warm-up and t_f final rounds
 *
 * w are the coordinates after the round, and its aggregated update Δw stands for the gradient, since no gradient leaves
 * a client. The ranks of a layer come out with the most important one first. What is dropped is gone: the paper zeroes λ_k
 * and may take a rank up again; here it costs no bytes any more. Other methods than adalora have other factors, each with
 * its mean.
 */
export const adaloraBudget = defineRankPolicy({
  name: 'adalora',
  config,
  misfit({ rounds, rank }, { targetRank, warmupRounds, finalRounds }) {
    if (targetRank > rank) return `a target of ${targetRank} ranks a layer is more than the ${rank} that it begins with`
    if (warmupRounds + finalRounds < rounds) return null
    return `${warmupRounds} warm-up and ${finalRounds} final rounds leave none of ${rounds} for the ranks to fall in`
  },
  begin: (length) => [new Float32Array(length), new Float32Array(length)],
  decide({ plan, round, layout, coordinates, update, memory: [smoothed, uncertainty] }, options) {
    const { beta1, beta2 } = options
    const sensitivity = Float64Array.from(coordinates, (value, at) => Math.abs(value * update[at]))
    const mean = smoothed.map((before, at) => beta1 * before + (1 - beta1) * sensitivity[at])
    const spread = uncertainty.map((before, at) => beta2 * before + (1 - beta2) * Math.abs(sensitivity[at] - mean[at]))
    const importance = rankMeans(
      layout,
      Float64Array.from(mean, (value, at) => value * spread[at]),
    )
    const ranks = Object.values(importance).reduce((sum, { length }) => sum + length, 0)
    const budget = rankBudget(round, plan, options)
    return { memory: [mean, spread], kept: budget < ranks ? bestRanks(importance, budget) : null }
  },
})

/** The ranks of all sites together after a round, rounded down. */
export function rankBudget(
  round: number,
  { rounds, sites, rank }: RankPlan,
  {
    targetRank,
    warmupRounds,
    finalRounds,
  }: Pick<z.infer<typeof config>, 'targetRank' | 'warmupRounds' | 'finalRounds'>,
): number {
  const falling = rounds - warmupRounds - finalRounds
  const left = 1 - Math.min(1, Math.max(0, (round - warmupRounds) / falling))
  return Math.floor(sites * (targetRank + (rank - targetRank) * left * left * left))
}
