import type { Commit, RunRecord, Store } from '@tessera/federation'
import { assignmentId } from '@tessera/vocabulary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeStoredHistory } from './describe-stored-history.ts'
import { sampleCommit, sampleHash, sampleRecord, sampleState } from './run-sample.ts'
import { type Begin, collectUpdates, refusedWith, type StoreUnderTest } from './store-under-test.ts'

/**
 * The laws of a store: a commit is written whole or not at all, each event of a run once and in order, and what is
 * read is what was written, byte for byte.
 */
export function describeStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`store ${name}`, () => {
    let opened: StoreUnderTest
    let runs = 0
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened?.close())
    const begin: Begin = async () => {
      const record = sampleRecord(`run-${++runs}`, 1000 + runs)
      await opened.store.createRun(record, sampleState(record, 0))
      return { ...opened, record }
    }
    describeRuns(begin)
    describeCommits(begin)
    describeUpdates(begin)
    describeBlobs(begin)
    describeStoredHistory(begin)
  })
}

async function stateOf(store: Store, record: RunRecord) {
  return (await store.loadRuns()).find((run) => run.record.runId === record.runId)?.state
}

function describeRuns(begin: Begin): void {
  it('loads a run as it was made, down to the order of its keys', async () => {
    const { store, record } = await begin()
    const loaded = (await store.loadRuns()).find((run) => run.record.runId === record.runId)
    expect(JSON.stringify(loaded)).toBe(JSON.stringify({ record, state: sampleState(record, 0) }))
  })

  it('loads the oldest run first', async () => {
    const { store } = await begin()
    await store.createRun(sampleRecord('the-oldest', 1), sampleState(sampleRecord('the-oldest'), 0))
    const ages = (await store.loadRuns()).map(({ record }) => record.createdAt)
    expect(ages[0]).toBe(1)
    expect(ages).toEqual([...ages].sort((a, b) => a - b))
  })

  it('refuses a second run of the same id with conflict, and keeps the first', async () => {
    const { store, record } = await begin()
    const other = { ...record, updateBound: 99 }
    await expect(store.createRun(other, sampleState(other, 0))).rejects.toEqual(refusedWith('conflict'))
    const loaded = (await store.loadRuns()).filter((run) => run.record.runId === record.runId)
    expect(loaded.map((run) => run.record.updateBound)).toEqual([0.125])
  })
}

function describeCommits(begin: Begin): void {
  it('loads the state of the last commit', async () => {
    const { store, record } = await begin()
    await store.commit(sampleCommit(record, 1, 'a'))
    const last = sampleCommit(record, 2, 'b')
    await store.commit(last)
    expect(await stateOf(store, record)).toEqual(last.state)
  })

  it.each([
    ['that it has', 1],
    ['that leaves one out', 3],
  ])('refuses an event number %s with conflict, and writes nothing of the commit', async (_what, seq) => {
    const { store, record, metricsOf } = await begin()
    await store.commit(sampleCommit(record, 1, 'a'))
    const hash = sampleHash(5000 + seq)
    const refused: Commit = { ...sampleCommit(record, seq, 'b'), blobs: [{ hash, bytes: Uint8Array.of(1) }] }
    await expect(store.commit(refused)).rejects.toEqual(refusedWith('conflict'))
    expect(await stateOf(store, record)).toEqual(sampleCommit(record, 1, 'a').state)
    expect(await store.readBlob(hash)).toBeNull()
    expect(await store.updateHash(assignmentId(`${record.runId}.train-1.b`))).toBeNull()
    expect((await metricsOf(record.runId)).map((metric) => metric.clientId)).toEqual(['a'])
  })

  it('lets exactly one of eight commits of the same event number win', async () => {
    const { store, record } = await begin()
    const rivals = Array.from({ length: 8 }, (_, at): Commit => {
      const commit = sampleCommit(record, 1)
      const blob = { hash: sampleHash(6000 + at), bytes: Uint8Array.of(at) }
      const state = { ...commit.state, head: sampleHash(8000 + at), message: `rival ${at}` }
      return { ...commit, state, blobs: [blob] }
    })
    const outcomes = await Promise.allSettled(rivals.map((commit) => store.commit(commit)))
    const winners = outcomes.flatMap(({ status }, at) => (status === 'fulfilled' ? [at] : []))
    const losses = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason.code)
    expect(winners).toHaveLength(1)
    expect(losses).toEqual(Array.from({ length: 7 }, () => 'conflict'))
    expect((await stateOf(store, record))?.message).toBe(`rival ${winners[0]}`)
    const kept = await Promise.all(rivals.map((_, at) => store.readBlob(sampleHash(6000 + at))))
    expect(kept.flatMap((bytes, at) => (bytes === null ? [] : [at]))).toEqual(winners)
  })

  it('refuses a run that it does not have with unknown-run', async () => {
    const { store } = await begin()
    const stranger = sampleRecord('stranger')
    await expect(store.commit(sampleCommit(stranger, 1))).rejects.toEqual(refusedWith('unknown-run'))
  })
}

function describeUpdates(begin: Begin): void {
  it('gives back the updates of a stage byte for byte, and only those', async () => {
    const { store, record } = await begin()
    const [a, b] = [sampleCommit(record, 1, 'a'), sampleCommit(record, 2, 'b')]
    await store.commit(a)
    await store.commit(b)
    expect(await collectUpdates(store.updatesOf(record.runId, { kind: 'train', index: 1 }))).toEqual([
      a.update,
      b.update,
    ])
    expect(await collectUpdates(store.updatesOf(record.runId, { kind: 'probe', index: 1 }))).toEqual([])
    expect(await collectUpdates(store.updatesOf(record.runId, { kind: 'train', index: 2 }))).toEqual([])
    expect(await store.updateHash(a.update!.assignmentId)).toBe(a.update!.hash)
    expect(await store.updateHash(assignmentId('nobody'))).toBeNull()
  })

  it('refuses a second update of an assignment with duplicate-update, and writes nothing of the commit', async () => {
    const { store, record } = await begin()
    await store.commit(sampleCommit(record, 1, 'a'))
    await expect(store.commit(sampleCommit(record, 2, 'a'))).rejects.toEqual(refusedWith('duplicate-update'))
    expect((await stateOf(store, record))?.seq).toBe(1)
    await store.commit(sampleCommit(record, 2, 'b'))
  })

  it('keeps bytes of its own', async () => {
    const { store, record } = await begin()
    const commit = sampleCommit(record, 1)
    const before = commit.update!.bytes.slice()
    await store.commit(commit)
    commit.update!.bytes.fill(0)
    const [update] = await collectUpdates(store.updatesOf(record.runId, { kind: 'train', index: 1 }))
    expect(update?.bytes).toEqual(before)
  })
}

function describeBlobs(begin: Begin): void {
  it.each([1, 262_143, 262_144, 600_001])('gives back a blob of %i bytes, whole and in parts', async (size) => {
    const { store, record } = await begin()
    const blob = { hash: sampleHash(7000 + size), bytes: Uint8Array.from({ length: size }, (_, at) => at % 251) }
    await store.commit({ ...sampleCommit(record, 1), blobs: [blob] })
    await store.commit({ ...sampleCommit(record, 2, 'b'), blobs: [blob] })
    expect(sameBytes(await store.readBlob(blob.hash), blob.bytes)).toBe(true)
    for (const [offset, length] of [
      [0, size],
      [0, 1],
      [size - 1, 10],
      [262_140, 8],
      [size, 5],
    ] as const) {
      const part = await store.readBlobRange(blob.hash, { offset, length })
      expect(part?.size).toBe(size)
      expect(sameBytes(part?.bytes, blob.bytes.slice(offset, offset + length))).toBe(true)
    }
  })

  it('has no blob that nobody stored', async () => {
    const { store } = await begin()
    expect(await store.readBlob(sampleHash(404))).toBeNull()
    expect(await store.readBlobRange(sampleHash(404), { offset: 0, length: 1 })).toBeNull()
  })
}

const sameBytes = (actual: Uint8Array | null | undefined, expected: Uint8Array): boolean =>
  actual?.length === expected.length && expected.every((byte, at) => actual[at] === byte)
