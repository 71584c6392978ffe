import type { EventView, RoundView, RunView } from '@tessera/protocol'
import { describe, expect, it } from 'vitest'
import { checkInvariants, type Evidence } from './invariants.ts'
import type { RunEnd } from './run-follower.ts'

const HASH = 'a'.repeat(64)
const CLIENTS = ['ada', 'bob', 'cyd']

/** Round n, in which these clients delivered; assignments are called n/client. */
const round = (n: number, clients: readonly string[] = CLIENTS): RoundView =>
  ({
    kind: 'train',
    round: n,
    committedAt: 1,
    cohort: clients.map((clientId) => ({ clientId, assignmentId: `${n}/${clientId}`, status: 'delivered' })),
  }) as unknown as RoundView

const received = (assignmentId: string): EventView =>
  ({ type: 'update-received', data: { assignmentId } }) as unknown as EventView

function endOf(rounds: readonly RoundView[], view: Partial<RunView> = {}): RunEnd {
  const events = rounds.flatMap(({ cohort }) => cohort.map(({ assignmentId }) => received(assignmentId)))
  const told = { phase: 'finished', rounds: rounds.length, adapterHash: HASH, message: null, ...view } as RunView
  return { id: 'drill-1', view: told, rounds, events, seconds: 1, longestStallMs: 0 }
}

const ROUNDS = [round(1), round(2)]

const evidence = (change: Partial<Evidence> = {}): Evidence => ({
  end: endOf(ROUNDS),
  reference: endOf(ROUNDS),
  quorum: 3,
  acknowledged: [{ clientId: 'ada', kind: 'train', round: 1 }],
  verification: { clean: true, detail: '12 events' },
  troubles: [],
  disturbances: 2,
  ...change,
})

/** Invariants that do not hold, with what is said of them. */
function failures(change: Partial<Evidence>): string[] {
  const failed = checkInvariants(evidence(change)).filter(({ verdict }) => verdict === 'fail')
  return failed.map(({ name, detail }) => `${name}: ${detail}`)
}

describe('the invariants of a drill', () => {
  it('all hold for a run that was disturbed and is as the undisturbed one', () => {
    expect(checkInvariants(evidence()).map(({ verdict }) => verdict)).toEqual(Array(8).fill('pass'))
  })

  it('fail for a run that nothing was done to', () => {
    expect(failures({ disturbances: 0 })).toEqual(['the run was disturbed: 0 times'])
  })

  it('fail for a run that is paused, with the reason, and has no adapter', () => {
    const end = endOf(ROUNDS, { phase: 'paused', message: 'no quorum', adapterHash: null })
    expect(failures({ end })).toEqual([
      'the run ended in finished: paused: no quorum',
      `the adapter is that of the undisturbed run: none, not ${HASH}`,
    ])
  })

  it('fail for a round below its quorum, and for a round that is missing', () => {
    const short = [round(1), round(2, ['ada', 'bob'])]
    expect(failures({ end: endOf(short), reference: endOf(short) })).toEqual([
      'every round has its quorum: round 2 has 2 updates, the quorum is 3',
    ])
    const missing = endOf([round(1)], { rounds: 2 })
    expect(failures({ end: missing, reference: missing })).toEqual([
      'every round has its quorum: 1 of 2 rounds, each of at least 3 updates',
    ])
  })

  it('fail for an update that a worker was told is taken and that is in no round', () => {
    const acknowledged = [{ clientId: 'dan', kind: 'train', round: 2 }] as const
    expect(failures({ acknowledged })).toEqual([
      'no update was lost: that of dan in round 2 was acknowledged and is not there',
    ])
  })

  it('leave it open whether an update was lost when only workers of others were there', () => {
    const lost = checkInvariants(evidence({ acknowledged: [] })).find(({ name }) => name === 'no update was lost')
    expect(lost?.verdict).toBe('skipped')
  })

  it('fail for an update that is twice in the log', () => {
    const end = endOf(ROUNDS)
    expect(failures({ end: { ...end, events: [...end.events, received('2/bob')] } })).toEqual([
      'no update counts twice: 2/bob counts twice',
    ])
  })

  it('fail for a log that does not replay, and for a process that ended by itself', () => {
    expect(failures({ verification: { clean: false, detail: 'event 7 differs' } })).toEqual([
      'the log replays to the same bytes: event 7 differs',
    ])
    expect(failures({ troubles: ['drill-1 ended by itself with 70'] })).toEqual([
      'nothing else broke: drill-1 ended by itself with 70',
    ])
  })

  it('fail for another adapter, but leave it open when the quorum let other clients count or nothing is known', () => {
    const other = 'b'.repeat(64)
    const name = 'the adapter is that of the undisturbed run'
    expect(failures({ end: endOf(ROUNDS, { adapterHash: other as never }) })).toEqual([
      `${name}: ${other}, not ${HASH}`,
    ])
    const fewer = endOf([round(1), round(2, ['ada', 'bob'])], { adapterHash: other as never })
    const open = checkInvariants(evidence({ end: fewer, quorum: 2 })).find((found) => found.name === name)
    expect(open).toEqual({
      name,
      verdict: 'skipped',
      detail: 'round 2 counted other clients, as the quorum allows',
    })
    const alone = checkInvariants(evidence({ reference: null })).find((found) => found.name === name)
    expect(alone?.verdict).toBe('skipped')
  })
})
