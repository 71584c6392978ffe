import type { Coordinates, Update } from '@tessera/vocabulary'
import type { z } from 'zod'
import type { KeptRanks } from './kept-ranks.ts'
import type { AdapterLayout } from './layout.ts'

/** What a run has decided about its ranks before it begins. */
export interface RankPlan {
  readonly rounds: number
  readonly sites: number
  /** Ranks of a site before round 1, on average. */
  readonly rank: number
}

/** What a policy remembers between rounds: vectors over the coordinates. They are kept with the run. */
export type RankMemory = readonly Float32Array[]

/** A round that has just been aggregated. */
export interface RankedRound {
  readonly plan: RankPlan
  /** From 1. */
  readonly round: number
  /** Of the ranks that the round had. */
  readonly layout: AdapterLayout
  /** After the round. */
  readonly coordinates: Coordinates
  /** The aggregated update. */
  readonly update: Update
  readonly memory: RankMemory
}

export interface RankDecision {
  /** Over the same coordinates; what belongs to dropped ranks is dropped by the caller. */
  readonly memory: RankMemory
  /** The ranks that go on; null where all do, as they are. */
  readonly kept: KeptRanks | null
}

/**
 * How the ranks of a run's sites change from round to round. The coordinator decides after each round and everyone is
 * told, so shapes agree everywhere. Pure: the same round gives the same bytes on every machine, so only exactly rounded
 * operations are used. Its laws: docs of `describeRankPolicy` in the testing room.
 */
export interface RankPolicy<Config = never> {
  readonly name: string
  readonly config: z.ZodObject
  /** Why the options do not go with the run, for people; null where they do. */
  misfit(plan: RankPlan, config: Config): string | null
  /** What is remembered before round 1, for so many coordinates. */
  begin(length: number, config: Config): RankMemory
  /** Absent where ranks never change. No input is modified. */
  decide?(round: RankedRound, config: Config): RankDecision
}

/** A policy with its options' type checked here and erased in the registry, which parses options before use. */
export function defineRankPolicy<Options extends z.ZodObject>(
  policy: Omit<RankPolicy<z.infer<Options>>, 'config'> & { readonly config: Options },
): RankPolicy {
  return policy
}
