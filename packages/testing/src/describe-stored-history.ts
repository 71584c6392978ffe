import type { Commit, StoredMetric } from '@tessera/federation'
import { clientId, runId } from '@tessera/vocabulary'
import { expect, it } from 'vitest'
import { collect } from './archived-run.ts'
import { sampleCommit, sampleHash } from './run-sample.ts'
import { type Begin, collectUpdates, refusedWith } from './store-under-test.ts'

const FIRST_ROUND = { kind: 'train', index: 1 } as const

/** The laws of a store about what a run leaves behind: its log, its versions, what is forgotten and what is deleted. */
export function describeStoredHistory(begin: Begin): void {
  describeLog(begin)
  describeForgetting(begin)
  describeVersions(begin)
  describeDeletion(begin)
}

const loss = (value: number, round: number, client: string | null = null): StoredMetric => ({
  round,
  name: 'eval-loss',
  clientId: client === null ? null : clientId(client),
  value,
  at: 2000,
})

/** The commit of a version: `seq` is the event's number and the version's round. */
function versionCommit({ update: _, metrics: _none, ...commit }: Commit): Commit & Required<Pick<Commit, 'version'>> {
  const round = commit.state.seq
  const version = { round, coordinates: sampleHash(10 + round), factors: sampleHash(2), updateNorm: round / 8 }
  return { ...commit, version }
}

function describeLog(begin: Begin): void {
  it('gives back the log in order, each event with its number and the head of the chain after it', async () => {
    const { store, record } = await begin()
    expect(await collect(store.eventsOf(record.runId))).toEqual([])
    const commits = [sampleCommit(record, 1, 'a'), sampleCommit(record, 2, 'b')]
    for (const commit of commits) await store.commit(commit)
    const log = await collect(store.eventsOf(record.runId))
    const expected = commits.map(({ event, state }) => ({ seq: state.seq, event, head: state.head }))
    expect(JSON.stringify(log)).toBe(JSON.stringify(expected))
  })

  it('gives back a log of hundreds of events', async () => {
    const { store, record } = await begin()
    for (let seq = 1; seq <= 300; seq++) {
      const { update: _, metrics: _none, ...commit } = sampleCommit(record, seq)
      await store.commit(commit)
    }
    const log = await collect(store.eventsOf(record.runId))
    expect(log.map(({ seq }) => seq)).toEqual(Array.from({ length: 300 }, (_, at) => at + 1))
  })

  it('has no log of a run that it does not have', async () => {
    const { store } = await begin()
    await expect(collect(store.eventsOf(runId('stranger')))).rejects.toEqual(refusedWith('unknown-run'))
  })
}

function describeForgetting(begin: Begin): void {
  it('drops the bytes of a stage that is forgotten, and keeps their hashes and the bytes of others', async () => {
    const { store, record } = await begin()
    const [a, b] = [sampleCommit(record, 1, 'a'), sampleCommit(record, 2, 'b')]
    const inSecond = { ...b, state: { ...b.state, stage: { ...b.state.stage!, index: 2 } } }
    await store.commit(a)
    await store.commit(inSecond)
    await store.commit({ ...versionCommit(sampleCommit(record, 3)), forget: FIRST_ROUND })
    expect(await collectUpdates(store.updatesOf(record.runId, FIRST_ROUND))).toEqual([])
    expect(await collectUpdates(store.updatesOf(record.runId, { ...FIRST_ROUND, index: 2 }))).toEqual([b.update])
    expect(await store.updateHash(a.update!.assignmentId)).toBe(a.update!.hash)
  })

  it('knows an update again whose bytes it has forgotten', async () => {
    const { store, record } = await begin()
    await store.commit(sampleCommit(record, 1, 'a'))
    await store.commit({ ...versionCommit(sampleCommit(record, 2)), forget: FIRST_ROUND })
    await expect(store.commit(sampleCommit(record, 3, 'a'))).rejects.toEqual(refusedWith('duplicate-update'))
  })

  it('forgets nothing with a commit that is refused', async () => {
    const { store, record } = await begin()
    const kept = sampleCommit(record, 1, 'a')
    await store.commit(kept)
    const refused = { ...versionCommit(sampleCommit(record, 5)), forget: FIRST_ROUND }
    await expect(store.commit(refused)).rejects.toEqual(refusedWith('conflict'))
    expect(await collectUpdates(store.updatesOf(record.runId, FIRST_ROUND))).toEqual([kept.update])
    expect(await store.versionsOf(record.runId)).toEqual([])
  })
}

function describeVersions(begin: Begin): void {
  it('gives back the versions in order; one that is measured, even by nothing, counts as evaluated', async () => {
    const { store, record, metricsOf } = await begin()
    const commits = [1, 2, 3].map((seq) => versionCommit(sampleCommit(record, seq)))
    for (const commit of commits) await store.commit(commit)
    await store.addEvaluation(record.runId, 1, [])
    await store.addEvaluation(record.runId, 3, [loss(0.5, 3)])
    const expected = commits.map(({ version }) => ({ ...version, evaluated: version.round !== 2 }))
    expect(await store.versionsOf(record.runId)).toEqual(expected)
    expect(await metricsOf(record.runId)).toEqual([loss(0.5, 3)])
  })

  it('keeps one number for each round, name and client: measuring again replaces it', async () => {
    const { store, record, metricsOf } = await begin()
    for (const seq of [1, 2]) await store.commit(versionCommit(sampleCommit(record, seq)))
    await store.addEvaluation(record.runId, 1, [loss(3, 1), loss(2.25, 1, 'a')])
    await store.addEvaluation(record.runId, 2, [loss(2.5, 2)])
    await store.addEvaluation(record.runId, 2, [loss(2, 2)])
    const values = (await metricsOf(record.runId)).map(({ round, value }) => [round, value])
    expect(values.sort()).toEqual([
      [1, 2.25],
      [1, 3],
      [2, 2],
    ])
  })

  it('measures nothing of a run that it does not have', async () => {
    const { store } = await begin()
    await expect(store.addEvaluation(runId('stranger'), 1, [loss(1, 1)])).rejects.toEqual(refusedWith('unknown-run'))
  })
}

function describeDeletion(begin: Begin): void {
  it('deletes a run with all that belongs to it alone, and leaves other runs theirs', async () => {
    const [{ store, record }, other] = [await begin(), await begin()]
    const mark = 20_000 + record.createdAt
    const [own, shared] = [mark, mark + 500_000].map((at) => ({ hash: sampleHash(at), bytes: Uint8Array.of(1, 2, 3) }))
    const commit = sampleCommit(record, 1, 'a')
    const others = sampleCommit(other.record, 1, 'b')
    await store.commit({ ...commit, blobs: [own!, shared!] })
    await store.commit({ ...others, blobs: [shared!] })
    await store.deleteRun(record.runId)
    expect((await store.loadRuns()).map((run) => run.record.runId)).not.toContain(record.runId)
    await expect(collect(store.eventsOf(record.runId))).rejects.toEqual(refusedWith('unknown-run'))
    expect(await store.updateHash(commit.update!.assignmentId)).toBeNull()
    expect(await store.readBlob(own!.hash)).toBeNull()
    expect(await store.readBlob(shared!.hash)).toEqual(shared!.bytes)
    expect(await collectUpdates(store.updatesOf(other.record.runId, FIRST_ROUND))).toEqual([others.update])
    await expect(store.deleteRun(record.runId)).rejects.toEqual(refusedWith('unknown-run'))
  })

  it('takes nothing more for a run that is deleted', async () => {
    const { store, record } = await begin()
    await store.deleteRun(record.runId)
    await expect(store.commit(sampleCommit(record, 1))).rejects.toEqual(refusedWith('unknown-run'))
  })
}
