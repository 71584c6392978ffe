import {
  deadlinePassed,
  failureOf,
  inRoundOne,
  joined,
  left,
  linesOf,
  lost,
  restarted,
  statusesOf,
  told,
  updateOf,
} from '@tessera/testing'
import { describe, expect, it } from 'vitest'

const deadline = { softMs: 400, hardMs: 1000 }

describe('the soft deadline', () => {
  it('is waited for first: then a quorum of 2 in 3 closes the round without the third', () => {
    const story = inRoundOne(['a', 'b', 'c'], { quorum: 2, deadline })
    expect(story.state.stage).toMatchObject({ softDeadlineAt: 400, deadlineAt: 1000 })
    told(story, [updateOf(story.state, 'a'), updateOf(story.state, 'b')])
    story.at(400)
    expect(linesOf(story.tell(deadlinePassed))).toEqual(['cancel c: the round is over', 'aggregate'])
    expect(story.state).toMatchObject({ phase: 'aggregating', stage: { closed: true } })
  })

  it('without a quorum changes nothing; the update that makes it then closes at once', () => {
    const story = inRoundOne(['a', 'b', 'c'], { quorum: 2, deadline })
    story.tell(updateOf(story.state, 'a'))
    story.at(400)
    expect(linesOf(story.tell(deadlinePassed))).toEqual(['set-deadline 1000'])
    story.at(401)
    expect(linesOf(story.tell(updateOf(story.state, 'c')))).toEqual(['cancel b: the round is over', 'aggregate'])
  })

  it('is passed over where the quorum is the whole cohort', () => {
    const story = inRoundOne(['a', 'b'], { quorum: 2, deadline })
    story.at(10)
    expect(linesOf(story.tell(deadlinePassed))).toEqual(['set-deadline 1000'])
  })

  it('that rings early is set again and changes nothing else', () => {
    const story = inRoundOne(['a', 'b'], { quorum: 1, deadline })
    story.tell(updateOf(story.state, 'a'))
    story.at(399)
    const { stage } = story.state
    expect(linesOf(story.tell(deadlinePassed))).toEqual(['set-deadline 400'])
    expect(story.state.stage).toEqual(stage)
  })

  it('starts over with the coordinator, as the hard one does', () => {
    const story = inRoundOne(['a', 'b'], { quorum: 1, deadline })
    story.tell(updateOf(story.state, 'a'))
    story.at(900)
    expect(linesOf(story.tell(restarted))).toEqual(['assign b', 'set-deadline 1300'])
    expect(story.state.stage).toMatchObject({ softDeadlineAt: 1300, deadlineAt: 1900 })
  })
})

describe('over-selection', () => {
  it('asks 5 of 6 for a cohort of 3 at 1.5, closes over the first 3, and calls off the other 2', () => {
    const story = inRoundOne(['a', 'b', 'c', 'd', 'e', 'f'], { size: 3, overSelection: 1.5 })
    const asked = Object.keys(statusesOf(story.state))
    expect(asked.length).toBe(5)
    told(story, [updateOf(story.state, asked[4]), updateOf(story.state, asked[0])])
    expect(linesOf(story.tell(updateOf(story.state, asked[2])))).toEqual([
      `cancel ${asked[1]}: the round is over`,
      `cancel ${asked[3]}: the round is over`,
      'aggregate',
    ])
  })

  it('starts with the 3 that are there, and asks those who come later, up to 5', () => {
    const story = inRoundOne(['a', 'b', 'c'], { overSelection: 1.5 })
    expect(['d', 'e', 'f'].map((client) => linesOf(story.tell(joined(client))))).toEqual([
      ['assign d'],
      ['assign e'],
      [],
    ])
  })

  it('asks 11 clients for a cohort of 10 at 1.1, although 10 · 1.1 is a little more than 11 in float64', () => {
    const clients = Array.from({ length: 14 }, (_, at) => `client-${at}`)
    const story = inRoundOne(clients, { size: 10, overSelection: 1.1 })
    expect(Object.keys(statusesOf(story.state)).length).toBe(11)
  })
})

describe('a client that says goodbye', () => {
  it('gives its place to another who is there', () => {
    const story = inRoundOne(['a', 'b'])
    story.tell(joined('c'))
    expect(linesOf(story.tell(left('a')))).toEqual(['assign c'])
    expect(statusesOf(story.state)).toEqual({ b: 'open', c: 'open' })
  })

  it('lets the round settle without it where nobody else is there', () => {
    const story = inRoundOne(['a', 'b', 'c'], { quorum: 2 })
    told(story, [updateOf(story.state, 'a'), updateOf(story.state, 'b')])
    expect(linesOf(story.tell(left('c')))).toEqual(['aggregate'])
  })

  it('may take its place again while it is free, and starts afresh', () => {
    const story = inRoundOne(['a', 'b'])
    story.tell(left('a'))
    expect(statusesOf(story.state)).toEqual({ b: 'open' })
    expect(linesOf(story.tell(joined('a')))).toEqual(['assign a'])
  })

  it('differs from one that is lost, whose work waits for it', () => {
    const story = inRoundOne(['a', 'b', 'c'], { quorum: 2 })
    told(story, [joined('d'), updateOf(story.state, 'a'), updateOf(story.state, 'b')])
    expect(linesOf(story.tell(lost('c')))).toEqual([])
    expect(linesOf(story.tell(updateOf(story.state, 'c')))).toEqual(['aggregate'])
  })

  it('gives its work back also while the run is paused', () => {
    const story = inRoundOne(['a', 'b'])
    told(story, [{ type: 'paused', cause: 'disk-full', reason: 'no room' }, left('a')])
    expect(statusesOf(story.state)).toEqual({ b: 'open' })
    expect(story.state).toMatchObject({ phase: 'paused', pauseCause: 'disk-full' })
  })
})

it('a free place is filled before a quorum closes the round, and not after the soft deadline', () => {
  const early = inRoundOne(['a', 'b'], { quorum: 1, deadline })
  told(early, [joined('c'), updateOf(early.state, 'a')])
  expect(linesOf(early.tell(failureOf(early.state, 'b')))).toEqual(['assign c'])
  const late = inRoundOne(['a', 'b', 'd'], { quorum: 1, deadline })
  told(late, [joined('c'), failureOf(late.state, 'b'), updateOf(late.state, 'd')])
  late.at(400)
  expect(linesOf(late.tell(failureOf(late.state, 'a')))).toEqual(['cancel c: the round is over', 'aggregate'])
})
