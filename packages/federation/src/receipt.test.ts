import { hashBytes } from '@tessera/protocol'
import { archiveRun, collect, withRows } from '@tessera/testing'
import { blobHash, clientId, FedError, unwrap } from '@tessera/vocabulary'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkReceipt } from './check-receipt.ts'
import { makeReceipt, type Receipt } from './receipt.ts'
import type { RunArchive } from './run-archive.ts'

type Leaves = Parameters<typeof archiveRun>[0]['leaves']
const archived = (leaves: Leaves = () => false) =>
  archiveRun({ spec: { initialisation: 'federated-sketch', total: 2 }, hash: hashBytes, leaves })
const [ann, bob] = [clientId('a'), clientId('b')]
const failing = (error: unknown) => (error instanceof FedError ? error.code : error)

/** Events 12–14 are the updates of round 1, 15 its sum, 16 its commit, 21 the end. */
let run: RunArchive
let receipt: Receipt

beforeAll(async () => {
  run = await archived()
  receipt = await makeReceipt(run, { client: bob, round: 1 })
})

const check = (changed: object = {}, evidence: Parameters<typeof checkReceipt>[1] = {}) =>
  checkReceipt(JSON.stringify({ ...receipt, ...changed }), evidence)
const refusal = (...given: Parameters<typeof check>): string => {
  const checked = check(...given)
  return checked.ok ? 'it holds' : `${checked.error.code}: ${checked.error.message}`
}

describe('a receipt', () => {
  it('holds the update, its weight, and every event from its arrival to the end of the log', async () => {
    const update = { hash: hashBytes((await collect(run.updates({ kind: 'train', index: 1 })))[1]!.bytes), weight: 25 }
    expect(receipt).toMatchObject({ run: 'run-1', client: 'b', stage: { kind: 'train', index: 1 }, update })
    expect([receipt.before.seq, receipt.events.length, receipt.after]).toEqual([
      12,
      9,
      { seq: 21, head: run.state.head },
    ])
  })

  it('holds against the published head, at the end of the log and at the commit of its round', async () => {
    const commit = (await collect(run.events()))[15]!
    const proven = unwrap(check({}, { head: run.state.head, client: 'b', run: 'run-1' }))
    const made = run.versions[1]!.coordinates
    expect(proven).toMatchObject({ round: 1, made, published: { seq: 21, head: run.state.head } })
    expect(unwrap(check({}, { head: commit.head })).published?.seq).toBe(16)
    expect(unwrap(check()).published).toBeNull()
  })

  it('holds for the bytes of the update and no others', async () => {
    const [other, own] = await collect(run.updates({ kind: 'train', index: 1 }))
    expect(check({}, { update: own!.bytes }).ok).toBe(true)
    expect(refusal({}, { update: other!.bytes })).toMatch(/^invalid-receipt: the update that was given/)
  })

  it('is given of a pass as round 0, and of the last round that counts the client where none is named', async () => {
    const pass = await makeReceipt(run, { client: ann, round: 0 })
    expect(pass.stage).toEqual({ kind: 'probe', index: 1 })
    expect(unwrap(checkReceipt(JSON.stringify(pass), { head: run.state.head }))).toMatchObject({
      round: 0,
      made: run.versions[0]!.coordinates,
    })
    expect((await makeReceipt(run, { client: ann, round: null })).stage).toEqual({ kind: 'train', index: 2 })
  })

  it('is refused for a client without an update, and while its round has no result', async () => {
    const open = await archived(({ round, assignmentId }) => round === 2 && assignmentId.endsWith('.c'))
    await expect(makeReceipt(run, { client: clientId('d'), round: null }).catch(failing)).resolves.toBe(
      'unknown-assignment',
    )
    await expect(makeReceipt(run, { client: ann, round: 3 }).catch(failing)).resolves.toBe('unknown-assignment')
    await expect(makeReceipt(open, { client: ann, round: 2 }).catch(failing)).resolves.toBe('run-not-finished')
    expect((await makeReceipt(open, { client: ann, round: null })).stage.index).toBe(1)
  })

  it('is not given of a log that was altered', async () => {
    const altered = withRows(run, (rows) =>
      rows.map((row) => (row.seq === 20 ? { ...row, event: { ...row.event, at: 7 } } : row)),
    )
    await expect(makeReceipt(altered, { client: bob, round: 1 }).catch(failing)).resolves.toBe('log-altered')
  })
})

describe('a receipt that was tampered with', () => {
  it.each([
    ['another client', () => ({ client: 'a' }), /is of b, not of a/],
    ['another run', () => ({ run: 'run-2' }), /not one of this run/],
    ['an earlier round', () => ({ stage: { kind: 'train', index: 0 } }), /not one of this run, client and round/],
    ['a pass', () => ({ stage: { kind: 'probe', index: 1 } }), /not come to the result|not one of this run/],
    ['another weight', () => ({ update: { ...receipt.update, weight: 26 } }), /another update arrived/],
    ['another hash', () => ({ update: { ...receipt.update, hash: run.state.head } }), /another update arrived/],
    [
      'another last head',
      () => ({ after: { ...receipt.after, head: run.state.factors } }),
      /not lead to its last head/,
    ],
    ['another number', () => ({ before: { ...receipt.before, seq: 3 } }), /not lead to its last head/],
    ['an event less', () => ({ events: receipt.events.filter((_, at) => at !== 3) }), /not lead to its last head/],
    [
      'an altered event',
      () => ({ events: receipt.events.map((text) => text.replace('"weight":25', '"weight":26')) }),
      /not lead/,
    ],
    ['no events', () => ({ events: [] }), /this is no receipt/],
    ['a field too many', () => ({ note: 'hello' }), /this is no receipt/],
    ['an event that is no JSON', () => ({ events: ['{'] }), /this is no receipt/],
    ['an event that is none', () => ({ events: ['null'] }), /this is no receipt/],
  ])('is refused: %s', (_what, change, message) => {
    expect(refusal(change())).toMatch(/^invalid-receipt: /)
    expect(refusal(change())).toMatch(message)
  })

  it('is refused when it is cut short, at any byte', () => {
    const text = JSON.stringify(receipt)
    for (let length = 0; length < text.length; length += 97) {
      expect(checkReceipt(text.slice(0, length))).toMatchObject({ ok: false, error: { code: 'invalid-receipt' } })
    }
  })

  it('is refused with a head that is not of its log, one from before its round, or when it is of another client or run', async () => {
    const rows = await collect(run.events())
    expect(refusal({}, { head: rows[14]!.head })).toMatch(/of an earlier time/)
    expect(refusal({}, { head: blobHash('0'.repeat(64)) })).toMatch(/of another log/)
    expect(refusal({}, { client: 'a' })).toMatch(/is of b, not of a/)
    expect(refusal({}, { run: 'run-2' })).toMatch(/is of the run run-1, not of run-2/)
  })

  it('does not hold against the published head when all its hashes were made anew', () => {
    const forged = { ...receipt, before: { seq: 12, head: blobHash('1'.repeat(64)) } }
    expect(refusal(forged, { head: run.state.head })).toMatch(/not lead to its last head/)
  })
})
