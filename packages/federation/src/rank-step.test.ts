import type { RankedSite } from '@tessera/adapters'
import { decodeServerState, encodeServerState } from '@tessera/aggregators'
import { hashBytes } from '@tessera/protocol'
import { archiveRun, collect, createFederation, FEDERATION_SITES, type StorySpec, storyRecord } from '@tessera/testing'
import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { withArtefactRanks } from './frozen-factors.ts'
import { createMemoryStore } from './memory-store.ts'
import { rankStep } from './rank-step.ts'
import { trainLayout, withRanks } from './stage-layout.ts'
import { verifyRun } from './verify-run.ts'

const [narrow, wide] = FEDERATION_SITES.map(({ name }) => name) as [string, string]
/** Rank 2 at both sites; one rank a site is left after round 2 of three, and one more in all after round 1. */
const SPEC: StorySpec = {
  sites: FEDERATION_SITES,
  total: 3,
  adapter: { method: 'adalora', rank: 2, alpha: 2, orthogonality: 0 },
  aggregator: { rule: 'factor-mean' },
  serverOptimizer: { name: 'momentum', learningRate: 1, momentum: 0.5 },
  rankPolicy: { name: 'adalora', targetRank: 1, warmupRounds: 0, finalRounds: 1, beta1: 0.5, beta2: 0.5 },
}
const record = storyRecord(SPEC)
const layout = trainLayout(record)
/** P, λ and Q of q_proj have 12, 2 and 10 numbers. */
const NARROW = 24

/** A vector that is `first` for rank 0 and `second` for rank 1 of q_proj, and `other` at down_proj. */
const byRank = (first: number, second: number, other: number): Float32Array =>
  Float32Array.from({ length: layout.length }, (_, at) => {
    if (at >= NARROW) return other
    const rank = at < 14 ? at % 2 : Math.floor((at - 14) / 5)
    return rank === 0 ? first : second
  })
const step = (round: number) =>
  rankStep(record, {
    round,
    layout,
    coordinates: byRank(1, 2, 0.25),
    update: byRank(3, 4, 0.5),
    largestUpdate: [1, 2, 3, 4, 5, 6],
    server: encodeServerState([byRank(5, 6, 7)]),
    before: encodeServerState([byRank(1, 1, 1), byRank(1, 1, 1)]),
  })

describe('a rank policy after a round', () => {
  it('leaves two ranks of one site and none of the other: coordinates and all memories are theirs, the best first', () => {
    const { coordinates, server, memory, ...rest } = step(2)
    const kept = (first: number, second: number) => [...byRank(second, first, 0).subarray(0, NARROW)]
    expect(rest).toEqual({ ranks: { [narrow]: 2, [wide]: 0 }, largestUpdate: [1, 2, 3], measures: { ranks: 2 } })
    expect([...coordinates]).toEqual(kept(1, 2))
    const like = new Float32Array(NARROW)
    expect([...unwrap(decodeServerState(server!, [like]))[0]!]).toEqual(kept(5, 6))
    const [mean, spread] = unwrap(decodeServerState(memory!, [like, like]))
    expect([...mean!]).toEqual(kept(2, 4.5)) // (1 + 1 · 3)/2 and (1 + 2 · 4)/2
    expect([...spread!]).toEqual(kept(1, 2.25)) // (1 + |3 − 2|)/2 and (1 + |8 − 4.5|)/2
  })

  it('changes nothing where a run has none', () => {
    const { spec } = storyRecord({ ...SPEC, rankPolicy: { name: 'none' } })
    const input = { round: 1, layout, update: byRank(1, 1, 1), largestUpdate: [1], server: null, before: null }
    const coordinates = byRank(1, 2, 3)
    expect(rankStep({ ...record, spec }, { ...input, coordinates })).toEqual({
      ...{ coordinates, largestUpdate: [1], server: null, memory: null, ranks: null, measures: {} },
    })
  })
})

describe('a run whose ranks fall', () => {
  const archived = () => archiveRun({ spec: SPEC, hash: hashBytes })
  const findings = async (archive: Awaited<ReturnType<typeof archived>>) => collect(verifyRun(archive))

  it('tells the ranks of each version in its artefact, and can be recomputed from its updates', async () => {
    const archive = await archived()
    const { versions, state, blob } = archive
    const totals = await Promise.all(
      versions.map(async ({ factors }) => {
        const { sites } = unwrap(withArtefactRanks(archive.record, (await blob(factors))!))
        return sites.reduce((sum, { rank = 2 }: RankedSite) => sum + rank, 0)
      }),
    )
    expect(totals).toEqual([4, 2, 2, 2]) // 2 + 2 (1/2)³ rounds down to 2
    expect(state.phase).toBe('finished')
    const { length } = trainLayout(withRanks(archive.record, state))
    expect((await blob(state.coordinates!))!.length).toBe(4 * length)
    const results = (await findings(archive)).flatMap((finding) => (finding.type === 'result' ? [finding.check] : []))
    expect(results).toEqual(['not recomputed', 'recomputed', 'recomputed', 'recomputed']) // no base model is here
  })

  it('is found out where what its policy remembered is another', async () => {
    const archive = await archived()
    const forged = {
      ...archive,
      blob: async (hash: string) =>
        archive.blob(hash === archive.state.rankMemory ? archive.state.coordinates! : (hash as never)),
    }
    expect((await findings(forged)).at(-1)).toMatchObject({
      type: 'difference',
      field: `blob ${archive.state.rankMemory}`,
    })
  })

  it('takes no update of the ranks before', async () => {
    const federation = createFederation({ ...SPEC, size: 3, quorum: 3 }, { store: createMemoryStore() })
    await federation.engine.createRun(federation.record)
    await federation.join()
    const answers = await federation.work((_, { round }) => new Float32Array(layout.length).fill(round / 64))
    expect(answers.slice(0, 6)).toEqual([...Array(3).fill('accepted'), ...Array(3).fill('shape-mismatch')])
    await federation.engine.close()
  })
})
