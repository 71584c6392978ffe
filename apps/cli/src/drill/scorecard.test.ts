import { describe, expect, it } from 'vitest'
import { emptyTally, tallyDifference } from './proxy-tally.ts'
import { type Scorecard, scorecardText } from './scorecard.ts'

const CARD: Scorecard = {
  drill: 'corrupt',
  run: 'drill-7',
  seed: 3,
  network: ['kernel', 'proxy'],
  deeds: [{ atMs: 1234, round: 2, what: 'all workers: a bit flipped in 15 % of the messages' }],
  seen: {
    seconds: 12.34,
    rounds: 4,
    updates: 18,
    duplicatesRefused: 5,
    reconnects: 1,
    longestStallMs: 2345,
    traffic: { ...emptyTally(), messages: 170, damaged: 22, cut: 2, refused: 9 },
  },
  invariants: [
    { name: 'the run ended in finished', verdict: 'pass', detail: 'finished' },
    { name: 'no update was lost', verdict: 'fail', detail: 'that of ada in round 2 was acknowledged and is not there' },
    { name: 'the adapter is that of the undisturbed run', verdict: 'skipped', detail: 'there was no undisturbed run' },
  ],
  passed: false,
}

describe('a scorecard', () => {
  it('says what was done when and to whom, what was seen, and how each invariant fared', () => {
    const lines = scorecardText(CARD).split('\n')
    const line = (part: string): string | undefined => lines.find((candidate) => candidate.includes(part))
    expect(lines[0]).toMatch(/drill corrupt: FAIL {2}run drill-7, seed 3, by kernel and proxy$/)
    expect(lines[1]).toBe('     1.23 s  round 2  all workers: a bit flipped in 15 % of the messages')
    expect(line('rounds, updates counted')).toContain('4, 18')
    expect(line('duplicates refused')).toContain(' 5 ')
    expect(line('connections cut')).toContain('2, 9')
    expect(line('messages through')).toContain('170, 22 damaged')
    expect(line('longest stall')).toContain('2.3 s')
    expect(line('ended in finished')).toContain('PASS')
    expect(line('was lost')).toContain('FAIL')
    expect(line('is that of the undisturbed')).toContain('----')
  })

  it('counts what the proxies did during the run alone', () => {
    const before = [{ ...emptyTally(), messages: 10, cut: 1 }, emptyTally()]
    const after = [
      { ...emptyTally(), messages: 30, cut: 1 },
      { ...emptyTally(), messages: 5, damaged: 2 },
    ]
    expect(tallyDifference(before, after)).toEqual({ ...emptyTally(), messages: 25, damaged: 2 })
  })
})
