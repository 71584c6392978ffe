import {
  type AdapterLayout,
  keepRanks,
  type RankedSite,
  type RankPlan,
  type RankPolicy,
  rankPolicies,
} from '@tessera/adapters'
import { decodeServerState, encodeServerState, type ServerOptimizerState } from '@tessera/aggregators'
import { type Coordinates, type Update, unwrap } from '@tessera/vocabulary'
import type { StageSetting } from './stage-layout.ts'
import type { SiteRanks } from './start.ts'

export interface RankStepInput {
  readonly round: number
  /** All coordinates, with the ranks that the round had. */
  readonly layout: AdapterLayout
  /** After the round. */
  readonly coordinates: Coordinates
  /** The aggregated update. */
  readonly update: Update
  /** One a segment of what the round trained. */
  readonly largestUpdate: readonly number[]
  /** What the server optimizer remembers of these coordinates; null for nothing. */
  readonly server: Uint8Array | null
  /** What the policy remembered; null before round 1. */
  readonly before: Uint8Array | null
}

/** What everyone starts the next round from; vectors over the coordinates have its ranks, segments are its own. */
export interface RankStepResult extends Pick<RankStepInput, 'coordinates' | 'server' | 'largestUpdate'> {
  /** What the policy remembers; null for nothing. */
  readonly memory: Uint8Array | null
  /** The ranks of all sites; null where they stay as they are. */
  readonly ranks: SiteRanks | null
  readonly measures: Readonly<Record<string, number>>
}

/** The policy of a run, its options and what it has to go by. */
export function rankPolicyOf({ spec, sites }: StageSetting) {
  const policy: RankPolicy = unwrap(rankPolicies.byName(spec.rankPolicy.name))
  const plan: RankPlan = { rounds: spec.rounds.total, sites: sites.length, rank: Number(spec.adapter.rank) }
  return { policy, plan, config: spec.rankPolicy as never }
}

/** What the run's rank policy makes of a round: ranks that are dropped leave the coordinates and all that is remembered. */
export function rankStep(setting: StageSetting, input: RankStepInput): RankStepResult {
  const { round, layout, coordinates, update, server, largestUpdate, before } = input
  const { policy, plan, config } = rankPolicyOf(setting)
  const same = { coordinates, server, largestUpdate, memory: null, ranks: null, measures: {} }
  if (policy.decide === undefined) return same
  const start = policy.begin(layout.length, config)
  const remembered = before === null ? start : unwrap(decodeServerState(before, start))
  const { memory, kept } = policy.decide({ plan, round, layout, coordinates, update, memory: remembered }, config)
  if (kept === null) return { ...same, memory: encodeServerState(memory), measures: measured(ranksOf(setting)) }
  const cut = (vector: Float32Array): Float32Array => keepRanks(layout, vector, kept)
  const ranks = Object.fromEntries(setting.sites.map(({ name }) => [name, kept[name]?.length ?? 0]))
  return {
    coordinates: cut(coordinates),
    server: server && encodeServerState(slotsOf(server, layout).map(cut)),
    largestUpdate: largestUpdate.filter((_, at) => ranks[layout.segments[at].site] > 0),
    memory: encodeServerState(memory.map(cut)),
    ranks,
    measures: measured(Object.values(ranks)),
  }
}

const ranksOf = ({ spec, sites }: StageSetting): number[] =>
  sites.map(({ rank = Number(spec.adapter.rank) }: RankedSite) => rank)

const measured = (ranks: readonly number[]) => ({ ranks: ranks.reduce((sum, rank) => sum + rank, 0) })

/** The vectors over the coordinates that a server optimizer's state consists of. */
function slotsOf(server: Uint8Array, { length }: AdapterLayout): ServerOptimizerState {
  const slots = Array.from({ length: server.length / (4 * length) }, () => new Float32Array(length))
  return unwrap(decodeServerState(server, slots))
}
