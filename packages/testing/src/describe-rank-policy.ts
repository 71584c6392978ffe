import {
  type AdapterLayout,
  adapterMethods,
  createLayout,
  type KeptRanks,
  keepRanks,
  type RankedRound,
  type RankMemory,
  type RankPlan,
  type RankPolicy,
} from '@tessera/adapters'
import { unwrap } from '@tessera/vocabulary'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const SITES = [
  { name: 'a', outDim: 4, inDim: 3 },
  { name: 'b', outDim: 3, inDim: 5 },
  { name: 'c', outDim: 3, inDim: 3 },
]
const PLAN: RankPlan = { rounds: 6, sites: SITES.length, rank: 3 }

const layoutWith = (ranks: Readonly<Record<string, number>>): AdapterLayout =>
  createLayout(
    unwrap(adapterMethods.byName('adalora')),
    { rank: PLAN.rank, alpha: PLAN.rank },
    SITES.map((site) => ({ ...site, rank: ranks[site.name] ?? 0 })),
  )

const START = { a: PLAN.rank, b: PLAN.rank, c: PLAN.rank }
const { length: LENGTH } = layoutWith(START)
const vector = fc.float32Array({ min: -4, max: 4, noNaN: true, minLength: LENGTH, maxLength: LENGTH })
/** Six rounds: the first numbers of each are the coordinates and the update of the ranks that are left. */
const rounds = fc.array(fc.tuple(vector, vector), { minLength: PLAN.rounds, maxLength: PLAN.rounds })

/** What one round did to the ranks. */
interface PlayedRound extends RankedRound {
  readonly kept: KeptRanks | null
  readonly after: RankMemory
}

function play(policy: RankPolicy, config: never, drawn: readonly (readonly [Float32Array, Float32Array])[]) {
  let layout = layoutWith(START)
  let memory = policy.begin(layout.length, config)
  return drawn.map(([coordinates, update], at): PlayedRound => {
    const vectors = { coordinates: coordinates.subarray(0, layout.length), update: update.subarray(0, layout.length) }
    const round: RankedRound = { plan: PLAN, round: at + 1, layout, memory, ...vectors }
    const before = structuredClone([...memory, vectors])
    const { memory: after, kept } = policy.decide!(round, config)
    expect(policy.decide!(round, config)).toEqual({ memory: after, kept })
    expect([...memory, vectors]).toEqual(before)
    memory = kept === null ? after : after.map((own) => keepRanks(round.layout, own, kept))
    if (kept !== null)
      layout = layoutWith(Object.fromEntries(Object.entries(kept).map(([site, own]) => [site, own.length])))
    return { ...round, kept, after }
  })
}

/**
 * The laws of a rank policy: a decision is a pure function of the round; what is remembered is as long as the coordinates
 * and finite; what is kept is there, each rank once and in all fewer than before; options that do not go with a run are
 * told in a sentence.
 */
export function describeRankPolicy(policy: RankPolicy, options: Record<string, unknown> = {}): void {
  const config = policy.config.parse(options) as never
  describe(`rank policy ${policy.name} ${JSON.stringify(config)}`, () => {
    it('goes with a run of six rounds from rank 3, or says why not', () => {
      expect(policy.misfit(PLAN, config)).toBeNull()
    })
    if (policy.decide === undefined) {
      return it('remembers nothing, since nothing changes', () => expect(policy.begin(LENGTH, config)).toEqual([]))
    }
    it('decides the same twice, from memory that is as long as the coordinates, and changes no input', () => {
      fc.assert(
        fc.property(rounds, (drawn) => {
          for (const { layout, memory, after } of play(policy, config, drawn)) {
            expect(after.map(({ length }) => length)).toEqual(memory.map(() => layout.length))
            expect(after.every((own) => own.every(Number.isFinite))).toBe(true)
          }
        }),
      )
    })
    it('keeps ranks that are there, each once, and only says so when they are fewer', () => {
      fc.assert(
        fc.property(rounds, (drawn) => {
          for (const { layout, kept } of play(policy, config, drawn)) if (kept !== null) expectPart(layout, kept)
        }),
      )
    })
  })
}

function expectPart({ sites }: AdapterLayout, kept: KeptRanks): void {
  expect(Object.keys(kept)).toEqual(sites.map(({ site }) => site.name))
  let dropped = 0
  for (const { site, adapter } of sites) {
    const own = kept[site.name]!
    expect(new Set(own).size).toBe(own.length)
    for (const rank of own) expect(rank >= 0 && rank < adapter.rank).toBe(true)
    dropped += adapter.rank - own.length
  }
  expect(dropped).toBeGreaterThan(0)
}
