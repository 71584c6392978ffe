import {
  aggregated,
  committed,
  deadlinePassed,
  failureOf,
  hashNamed,
  inRoundOne,
  joined,
  left,
  linesOf,
  lost,
  paused,
  type RunStory,
  restarted,
  resumed,
  type StorySpec,
  statusesOf,
  told,
  updateOf,
} from '@tessera/testing'
import { describe, expect, it } from 'vitest'
import { assignmentMessage } from './work-order.ts'

const deadline = { softMs: 400, hardMs: 1000 }
const nextRound = { mode: { kind: 'sync', onLate: 'next-round' }, deadline, quorum: 2, total: 4 } as const
const buffered = (choices: { bufferSize: number; maxStaleness: number }): StorySpec => ({
  mode: { kind: 'buffered', staleness: 'inverse-sqrt', ...choices },
  quorum: 1,
  deadline,
  total: 4,
})
/** Clients by the round that gave their work out. */
const givenIn = ({ state: { stage } }: RunStory) =>
  Object.fromEntries((stage?.assignments ?? []).map((own) => [own.clientId, own.givenIn]))
const throughRound = (story: RunStory): RunStory => told(story, [aggregated, committed])

/** Round 1 closed over a and b at its soft deadline; c is late. */
function oneLate(): RunStory {
  const story = inRoundOne(['a', 'b', 'c'], nextRound)
  told(story, [updateOf(story.state, 'a'), updateOf(story.state, 'b')])
  story.at(400)
  expect(linesOf(story.tell(deadlinePassed))).toEqual(['aggregate'])
  return story
}

describe('late work that counts in the next round', () => {
  it('stays open through the end of its round, and is no reason to wait in the next', () => {
    const story = oneLate()
    expect(statusesOf(story.state)).toEqual({ a: 'received', b: 'received', c: 'open' })
    story.tell(aggregated)
    expect(linesOf(story.tell(committed))).toEqual(['evaluate 1', 'assign a', 'assign b', 'set-deadline 800'])
    expect(givenIn(story)).toEqual({ a: 2, b: 2, c: 1 })
    story.tell(updateOf(story.state, 'a'))
    expect(linesOf(story.tell(updateOf(story.state, 'b')))).toEqual(['cancel c: the round is over', 'aggregate'])
  })

  it('counts among the `size` updates that close the round', () => {
    const story = throughRound(oneLate())
    told(story, [updateOf(story.state, 'c'), updateOf(story.state, 'a')])
    expect(linesOf(story.tell(updateOf(story.state, 'b')))).toEqual(['aggregate'])
    expect(givenIn(story)).toEqual({ c: 1, a: 2, b: 2 })
  })

  it('is the client’s only part of the round: no other is given to it', () => {
    const story = throughRound(oneLate())
    expect(linesOf(story.tell(updateOf(story.state, 'c')))).toEqual([])
    expect(linesOf(story.tell(joined('c')))).toEqual([])
  })

  it('is sent again to a client that comes back, as it was given: its round, and the coordinates it starts from', () => {
    const story = throughRound(oneLate())
    story.tell(lost('c'))
    const [again] = story.tell(joined('c'))
    if (again.type !== 'assign') throw new Error(again.type)
    const message = assignmentMessage(story.record, story.state, again)
    expect(message).toMatchObject({ assignmentId: 'run-1.train-1.c', round: 1, coordinates: hashNamed('start') })
    expect(story.state.coordinates).toBe(hashNamed('next'))
  })

  it('has to wait while its round is being closed: retryable, also in a paused run', () => {
    const story = oneLate()
    const late = updateOf(story.state, 'c')
    expect(story.refuse(late)).toBe('round-closing')
    story.tell(paused)
    expect(story.refuse(late)).toBe('round-closing')
    expect(linesOf(story.tell(resumed))).toEqual(['assign c', 'aggregate'])
    story.tell(aggregated)
    expect(story.refuse(late)).toBe('round-closing')
    story.tell(committed)
    expect(linesOf(story.tell(late))).toEqual([])
    expect(story.refuse(late)).toBe('duplicate-update')
  })

  it('may be given up at any time, also while its round is being closed', () => {
    const failed = oneLate()
    told(failed, [failureOf(failed.state, 'c'), aggregated])
    expect(linesOf(failed.tell(committed)).slice(1, 4)).toEqual(['assign a', 'assign b', 'assign c'])
    const gone = oneLate()
    told(gone, [left('c'), aggregated, committed])
    expect(givenIn(gone)).toEqual({ a: 2, b: 2 })
  })

  it('stays in a round that is tried again, beside the new cohort', () => {
    const story = throughRound(oneLate())
    story.at(1400)
    const lines = linesOf(story.tell(deadlinePassed))
    expect(lines).toEqual(['assign c', 'assign a', 'assign b', 'set-deadline 1800'])
    expect(story.state.stage).toMatchObject({ attempt: 2 })
    expect(givenIn(story)).toEqual({ c: 1, a: 2, b: 2 })
  })

  it('counts to a quorum where all others gave up', () => {
    const story = throughRound(oneLate())
    told(story, [updateOf(story.state, 'a'), failureOf(story.state, 'b')])
    expect(linesOf(story.tell(updateOf(story.state, 'c')))).toEqual(['aggregate'])
  })

  it('is called off where there is no next round', () => {
    const story = inRoundOne(['a', 'b', 'c'], { ...nextRound, total: 1 })
    told(story, [updateOf(story.state, 'a'), updateOf(story.state, 'b')])
    story.at(400)
    expect(linesOf(story.tell(deadlinePassed))).toEqual(['cancel c: the round is over', 'aggregate'])
  })

  it('is asked for again by a coordinator that starts again, with its own work', () => {
    const story = oneLate()
    expect(linesOf(story.tell(restarted))).toEqual(['assign c', 'aggregate'])
    throughRound(story)
    expect(linesOf(story.tell(restarted))).toEqual(['assign c', 'assign a', 'assign b', 'set-deadline 800'])
  })
})

describe('a buffered run of three clients with a buffer of two', () => {
  const begun = (maxStaleness = 1) => inRoundOne(['a', 'b', 'c'], buffered({ bufferSize: 2, maxStaleness }))

  it('makes a version of the first two updates, and gives those clients the next work at once', () => {
    const story = begun()
    expect(linesOf(story.tell(updateOf(story.state, 'b')))).toEqual([])
    expect(linesOf(story.tell(updateOf(story.state, 'a')))).toEqual(['aggregate'])
    story.tell(aggregated)
    expect(linesOf(story.tell(committed))).toEqual(['evaluate 1', 'assign a', 'assign b', 'set-deadline 400'])
    expect(givenIn(story)).toEqual({ c: 1, a: 2, b: 2 })
  })

  it('counts late work like any other, and takes it for one of the two', () => {
    const story = begun()
    throughRound(told(story, [updateOf(story.state, 'b'), updateOf(story.state, 'a')]))
    told(story, [updateOf(story.state, 'c')])
    expect(linesOf(story.tell(updateOf(story.state, 'b')))).toEqual(['aggregate'])
    throughRound(story)
    expect(givenIn(story)).toEqual({ a: 2, b: 3, c: 3 })
  })

  it('calls work off when it would be staler than one version', () => {
    const story = begun()
    throughRound(told(story, [updateOf(story.state, 'b'), updateOf(story.state, 'a')]))
    story.tell(updateOf(story.state, 'a'))
    expect(linesOf(story.tell(updateOf(story.state, 'b')))).toEqual(['cancel c: the round is over', 'aggregate'])
    throughRound(story)
    expect(givenIn(story)).toEqual({ a: 3, b: 3, c: 3 })
  })

  it('with a bound of zero starts everyone afresh for every version', () => {
    const story = begun(0)
    story.tell(updateOf(story.state, 'b'))
    expect(linesOf(story.tell(updateOf(story.state, 'a')))).toEqual(['cancel c: the round is over', 'aggregate'])
  })

  it('has three at work at any time: a fourth takes the place of one whose update is in', () => {
    const story = begun()
    expect(linesOf(story.tell(joined('d')))).toEqual([])
    expect(linesOf(story.tell(updateOf(story.state, 'c')))).toEqual(['assign d'])
    expect(statusesOf(story.state)).toEqual({ a: 'open', b: 'open', c: 'received', d: 'open' })
  })

  it('waits for a full buffer until the soft deadline, then takes the quorum of one', () => {
    const story = begun()
    story.tell(updateOf(story.state, 'c'))
    story.at(399)
    expect(linesOf(story.tell(deadlinePassed))).toEqual(['set-deadline 400'])
    story.at(400)
    expect(linesOf(story.tell(deadlinePassed))).toEqual(['aggregate'])
    throughRound(story)
    expect(givenIn(story)).toEqual({ a: 1, b: 1, c: 2 })
  })

  it('draws anew at the hard deadline without a quorum; who is drawn again keeps what it works at', () => {
    const story = begun(2)
    throughRound(told(story, [updateOf(story.state, 'a'), updateOf(story.state, 'b')]))
    told(story, [lost('b'), joined('d')])
    story.at(1000)
    expect(linesOf(story.tell(deadlinePassed))).toEqual([
      'cancel b: another client takes its place',
      'assign a',
      'assign c',
      'assign d',
      'set-deadline 1400',
    ])
    expect(givenIn(story)).toEqual({ a: 2, c: 1, d: 2 })
  })
})
