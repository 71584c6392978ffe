import { hashBytes } from '@tessera/protocol'
import { archiveRun, collect, knownFactors, type StorySpec, withRows, withUpdates } from '@tessera/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import type { LoggedEvent, StoredVersion, Workbench } from './ports.ts'
import type { RunArchive } from './run-archive.ts'
import { chain, genesis } from './run-log.ts'
import { type Finding, verifyRun } from './verify-run.ts'

type ArchivedRun = Parameters<typeof archiveRun>[0]

const archived = (spec: StorySpec, leaves: ArchivedRun['leaves'] = () => false) =>
  archiveRun({ spec, hash: hashBytes, leaves })

const verify = (archive: RunArchive, workbench?: Workbench): Promise<Finding[]> =>
  collect(verifyRun(archive, workbench === undefined ? {} : { workbench }))

/** What a check ends with. */
const lastOf = async (archive: RunArchive) => (await verify(archive)).at(-1)

const resultsOf = (findings: readonly Finding[]) =>
  findings.flatMap((finding) => (finding.type === 'result' ? [finding] : []))

/** Two passes of three updates, then two rounds of three: events 1–3 joins, 7 and 11 passes, 15 and 16, 20 and 21. */
const SKETCH: StorySpec = { initialisation: 'federated-sketch', total: 2 }
let sketch: RunArchive

beforeAll(async () => {
  sketch = await archived(SKETCH)
})

describe('a run as it was written', () => {
  it('has all its passes and rounds recomputed, and leads to the stored state', async () => {
    const findings = await verify(sketch)
    const results = resultsOf(findings)
    expect(results.map(({ seq, stage, updates, check }) => [seq, stage?.kind, stage?.index, updates, check])).toEqual([
      [7, 'probe', 0, 3, 'recomputed'],
      [11, 'probe', 1, 3, 'recomputed'],
      [16, 'train', 1, 3, 'recomputed'],
      [21, 'train', 2, 3, 'recomputed'],
    ])
    expect(results.slice(1).map(({ made }) => made)).toEqual(sketch.versions.map(({ coordinates }) => coordinates))
    expect(findings.at(-1)).toEqual({ type: 'end', seq: 21, head: sketch.state.head, phase: 'finished', open: null })
  })

  it.each([
    [
      'late updates count in the next round',
      { size: 2, overSelection: 1.5, mode: { kind: 'sync', onLate: 'next-round' } },
    ],
    ['updates are buffered', { mode: { kind: 'buffered', bufferSize: 2, staleness: 'inverse-sqrt', maxStaleness: 3 } }],
  ] as const)('is recomputed when %s, and one of round 1 comes in round 2', async (_what, spec) => {
    const archive = await archived({ ...SKETCH, ...spec })
    const findings = await verify(archive)
    expect(resultsOf(findings).map(({ check }) => check)).toEqual(Array(4).fill('recomputed'))
    expect(findings.at(-1)).toMatchObject({ type: 'end', phase: 'finished' })
    const rows = await collect(archive.events())
    const [, , first] = resultsOf(findings)
    const late = rows.filter(
      ({ seq, event }) => 'hash' in event && event.assignmentId.includes('train-1') && seq > first!.seq,
    )
    expect(late).toHaveLength(1)
  })

  it('is checked as far as it has come: two updates of round 2 wait for the third', async () => {
    const leaves: ArchivedRun['leaves'] = ({ round, assignmentId }) => round === 2 && assignmentId.endsWith('.c')
    const findings = await verify(await archived(SKETCH, leaves))
    expect(resultsOf(findings)).toHaveLength(3)
    const open = { stage: { kind: 'train', index: 2 }, updates: 2 }
    expect(findings.at(-1)).toMatchObject({ type: 'end', seq: 18, phase: 'training', open })
  })

  it('has its rounds checked by hashes only where it keeps only hashes, and nothing else is missing', async () => {
    const findings = await verify(await archived({ ...SKETCH, persist: 'keep-hashes' }))
    expect(resultsOf(findings).map(({ updates, check }) => [updates, check])).toEqual(Array(4).fill([3, 'hashes only']))
    expect(findings.at(-1)).toMatchObject({ type: 'end', phase: 'finished' })
  })

  it('has the factors of its base model recomputed where that is, and says so where it is not', async () => {
    const archive = await archived({ total: 1 })
    const workbench = { makeFactors: async () => knownFactors(), evaluate: async () => [] }
    const checks = async (bench?: Workbench) => resultsOf(await verify(archive, bench)).map(({ check }) => check)
    expect(await checks(workbench)).toEqual(['recomputed', 'recomputed'])
    expect(await checks()).toEqual(['not recomputed', 'recomputed'])
  })
})

describe('an altered log is found at the event', () => {
  it('that has any of its fields changed', async () => {
    const rows = await collect(sketch.events())
    for (const { seq, event } of rows) {
      for (const change of changesOf(event)) {
        const altered = withRows(sketch, (all) => all.map((row) => (row.seq === seq ? change(row) : row)))
        expect([await lastOf(altered), change(rows[seq - 1]!)]).toMatchObject([{ type: 'difference', seq }, {}])
      }
    }
  })

  it.each([
    [15, 'coordinates', (row: LoggedEvent) => set(row, { coordinates: hashBytes(Uint8Array.of(1)) })],
    [15, 'largestUpdate.1', (row: LoggedEvent) => set(row, { largestUpdate: [...largestOf(row).slice(0, 1), 9] })],
    [15, 'updateNorm', (row: LoggedEvent) => set(row, { updateNorm: 3 })],
    [7, 'panel', (row: LoggedEvent) => set(row, { panel: hashBytes(Uint8Array.of(1)) })],
    [11, 'factors', (row: LoggedEvent) => set(row, { factors: hashBytes(Uint8Array.of(1)) })],
    [13, 'hash', (row: LoggedEvent) => set(row, { hash: hashBytes(Uint8Array.of(1)) })],
    [13, 'weight', (row: LoggedEvent) => set(row, { weight: 24 })],
    [13, 'type', (row: LoggedEvent) => set(row, { type: 'aggregated' })],
    [2, 'head', (row: LoggedEvent) => set(row, { examples: 26 })],
    [16, 'head', (row: LoggedEvent) => set(row, { at: 1 })],
    [16, 'head', (row: LoggedEvent) => ({ ...row, head: hashBytes(Uint8Array.of(1)) })],
  ])('%i, whose %s is another', async (seq, field, change) => {
    const rows = await collect(sketch.events())
    const altered = withRows(sketch, (all) => all.map((row) => (row.seq === seq ? change(row) : row)))
    const found = await lastOf(altered)
    expect(found).toMatchObject({ type: 'difference', seq, field, at: change(rows[seq - 1]!).event.at })
    expect(found).not.toMatchObject({ stored: expect.toBeOneOf([undefined]) })
  })

  it('says of an altered number what the log holds and what the updates give', async () => {
    const altered = withRows(sketch, (rows) => rows.map((row) => (row.seq === 15 ? set(row, { updateNorm: 3 }) : row)))
    const { event } = (await collect(sketch.events()))[14]!
    const recomputed = event.type === 'aggregated' ? event.updateNorm : null
    expect(await lastOf(altered)).toMatchObject({ event: 'aggregated', at: 0, stored: 3, recomputed })
  })

  it('that is missing, comes twice, or is swapped with its neighbour', async () => {
    const without = withRows(sketch, (rows) => rows.filter(({ seq }) => seq !== 9))
    expect(await lastOf(without)).toMatchObject({ type: 'difference', seq: 9, event: null, stored: 10, recomputed: 9 })
    const closedUp = withRows(sketch, (rows) =>
      rows.filter(({ seq }) => seq !== 9).map((row, at) => ({ ...row, seq: at + 1 })),
    )
    expect(await lastOf(closedUp)).toMatchObject({ type: 'difference', seq: 9 })
    const twice = withRows(sketch, (rows) => [...rows.slice(0, 9), ...rows.slice(8)])
    expect(await lastOf(twice)).toMatchObject({ type: 'difference', seq: 10, field: 'seq', stored: 9 })
    const swapped = withRows(sketch, (rows) => [
      ...rows.slice(0, 8),
      { ...rows[9]!, seq: 9 },
      { ...rows[8]!, seq: 10 },
      ...rows.slice(10),
    ])
    expect(await lastOf(swapped)).toMatchObject({ type: 'difference', seq: 9 })
  })

  it('after which the log was cut off', async () => {
    const cut = withRows(sketch, (rows) => rows.slice(0, 20))
    expect(await lastOf(cut)).toMatchObject({ seq: 21, event: null, field: 'seq', stored: null, recomputed: 21 })
  })

  it('that is no event at all', async () => {
    for (const event of [null, 5, {}, { type: 'toString', at: 0 }] as unknown as LoggedEvent['event'][]) {
      const altered = withRows(sketch, (rows) => rows.map((row) => (row.seq === 4 ? { ...row, event } : row)))
      expect(await lastOf(altered)).toMatchObject({ type: 'difference', seq: 4, field: 'type' })
    }
  })

  it('even when all heads and the state were written anew', async () => {
    const forged = async (change: (row: LoggedEvent) => LoggedEvent): Promise<RunArchive> => {
      const rows = rechained(sketch, (await collect(sketch.events())).map(change))
      return { ...withRows(sketch, () => rows), state: { ...sketch.state, head: rows.at(-1)!.head } }
    }
    expect(await lastOf(await forged((row) => row))).toMatchObject({ type: 'end' })
    const norm = await forged((row) => (row.seq === 15 ? set(row, { updateNorm: 3 }) : row))
    expect(await lastOf(norm)).toMatchObject({ seq: 15, field: 'updateNorm' })
    const weight = await forged((row) => (row.seq === 13 ? set(row, { weight: 24 }) : row))
    expect(await lastOf(weight)).toMatchObject({ seq: 13, field: 'update run-1.train-1.b: weight', stored: 25 })
  })

  it('by whoever knows an earlier head, even when a shorter log was made whole again', async () => {
    const short = await archived(SKETCH, ({ round }) => round === 2)
    const published = async (archive: RunArchive, head: typeof sketch.state.head) =>
      (await collect(verifyRun(archive, { head }))).at(-1)
    expect(await published(sketch, short.state.head)).toMatchObject({ type: 'end', seq: 21 })
    expect(await published(short, sketch.state.head)).toMatchObject({
      ...{ type: 'difference', seq: 16, field: 'head' },
      ...{ stored: short.state.head, recomputed: sketch.state.head },
    })
  })

  it('1 when the record of the run was changed, and 0 when it is none', async () => {
    const { record } = sketch
    const other: RunArchive = { ...sketch, record: { ...record, updateBound: 2 } }
    expect(await lastOf(other)).toMatchObject({ type: 'difference', seq: 1, field: 'head' })
    const none = { ...sketch, record: {} as RunArchive['record'] }
    expect(await lastOf(none)).toMatchObject({ type: 'difference', seq: 0, field: 'record' })
  })
})

describe('what is stored beside the log is compared with it', () => {
  it('finds one altered byte of an update, and says which', async () => {
    const flipped = withUpdates(sketch, (update) => {
      if (update.assignmentId === 'run-1.train-2.b') update.bytes[3]! ^= 1
      return [update]
    })
    expect(await lastOf(flipped)).toMatchObject({
      seq: 18,
      event: 'update-received',
      field: 'update run-1.train-2.b: bytes',
    })
  })

  it('finds an update that is missing, and one that is too many', async () => {
    const missing = withUpdates(sketch, (update) => (update.assignmentId === 'run-1.train-1.c' ? [] : [update]))
    expect(await lastOf(missing)).toMatchObject({ seq: 14, field: 'update run-1.train-1.c', stored: null })
    const extra = withUpdates(sketch, (update) => {
      const twin = { ...update, assignmentId: `${update.assignmentId}.x` as typeof update.assignmentId }
      return update.assignmentId === 'run-1.train-1.c' ? [update, twin] : [update]
    })
    expect(await lastOf(extra)).toMatchObject({ seq: 14, field: 'update run-1.train-1.c.x', recomputed: null })
  })

  it('finds an altered update of the round that is still open', async () => {
    const leaves: ArchivedRun['leaves'] = ({ round, assignmentId }) => round === 2 && assignmentId.endsWith('.c')
    const flipped = withUpdates(await archived(SKETCH, leaves), (update) => {
      if (update.assignmentId === 'run-1.train-2.b') update.bytes[0]! ^= 128
      return [update]
    })
    expect(await lastOf(flipped)).toMatchObject({ seq: 18, field: 'update run-1.train-2.b: bytes' })
  })

  it.each([
    ['coordinates', { coordinates: hashBytes(Uint8Array.of(1)) }],
    ['factors', { factors: hashBytes(Uint8Array.of(1)) }],
    ['updateNorm', { updateNorm: 0.25 }],
  ])('finds a version whose %s was altered', async (field, change) => {
    const versions = (round: number) =>
      sketch.versions.map((version): StoredVersion => (version.round === round ? { ...version, ...change } : version))
    expect(await lastOf({ ...sketch, versions: versions(0) })).toMatchObject({ seq: 11, field: `version 0: ${field}` })
    expect(await lastOf({ ...sketch, versions: versions(2) })).toMatchObject({ seq: 21, field: `version 2: ${field}` })
  })

  it('finds a version that is missing, and one that no round made', async () => {
    const [first, second, third] = sketch.versions as [StoredVersion, StoredVersion, StoredVersion]
    expect(await lastOf({ ...sketch, versions: [first, third] })).toMatchObject({ seq: 16, stored: null })
    const extra = { ...sketch, versions: [first, second, third, { ...third, round: 3 }] }
    expect(await lastOf(extra)).toMatchObject({ seq: 21, field: 'version 3', recomputed: null })
  })

  it('finds a blob that is missing or altered', async () => {
    const hash = sketch.versions[1]!.coordinates
    const without = { ...sketch, blob: async (name: string) => (name === hash ? null : sketch.blob(name as never)) }
    expect(await lastOf(without)).toMatchObject({ seq: 15, field: `blob ${hash}`, stored: null, recomputed: hash })
    const altered = {
      ...sketch,
      blob: async (name: string) => (name === hash ? Uint8Array.of(1) : sketch.blob(name as never)),
    }
    expect(await lastOf(altered)).toMatchObject({ seq: 15, stored: hashBytes(Uint8Array.of(1)), recomputed: hash })
  })

  it('finds a state that the log does not lead to, down to the field', async () => {
    const { a, ...others } = sketch.state.members
    const members = { a: { ...a!, examples: 11 }, ...others }
    const altered = { ...sketch, state: { ...sketch.state, members } }
    expect(await lastOf(altered)).toMatchObject({
      seq: 21,
      field: 'state.members.a.examples',
      stored: 11,
      recomputed: 10,
    })
  })

  it('takes nothing for altered that a going run has come to meanwhile', async () => {
    const leaves: ArchivedRun['leaves'] = ({ round, assignmentId }) => round === 2 && assignmentId.endsWith('.c')
    const before = await archived(SKETCH, leaves)
    const meanwhile: RunArchive = { ...before, versions: sketch.versions, updates: sketch.updates }
    expect(await lastOf(meanwhile)).toMatchObject({ type: 'end', open: { updates: 2 } })
  })

  it('lets an archive that can not be read fail for what it is', async () => {
    const broken = withUpdates(sketch, () => {
      throw new Error('the line is dead')
    })
    await expect(verify(broken)).rejects.toThrow('the line is dead')
  })
})

const set = (row: LoggedEvent, change: object): LoggedEvent => ({
  ...row,
  event: { ...row.event, ...change } as LoggedEvent['event'],
})
const largestOf = ({ event }: LoggedEvent): readonly number[] =>
  event.type === 'aggregated' ? event.largestUpdate : []

/** Every field of the event as another value of its type, one at a time. */
function changesOf(event: LoggedEvent['event']): ((row: LoggedEvent) => LoggedEvent)[] {
  return Object.entries(event).map(
    ([name, value]) =>
      (row) =>
        set(row, { [name]: other(value) }),
  )
}

function other(value: unknown): unknown {
  if (typeof value === 'number') return value + 1
  if (typeof value === 'string') return `${value.startsWith('0') ? '1' : '0'}${value.slice(1)}`
  return (value as unknown[]).map(other)
}

/** The rows with heads that fit them. */
function rechained({ record }: RunArchive, rows: readonly LoggedEvent[]): LoggedEvent[] {
  let head = genesis(record)
  return rows.map(({ seq, event }) => {
    head = chain(head, event)
    return { seq, event, head }
  })
}
