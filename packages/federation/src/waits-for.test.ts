import {
  aggregated,
  committed,
  createStory,
  factorsMade,
  inRoundOne,
  joined,
  left,
  paused,
  type RunStory,
  storyRecord,
  told,
  updateOf,
} from '@tessera/testing'
import { expect, it } from 'vitest'
import { waitsFor } from './waits-for.ts'

const waiting = ({ record, state }: RunStory) => waitsFor(record, state)

it('names clients, the coordinator, updates, people, the disk, and nothing at the end, as the run goes on', () => {
  const story = createStory(storyRecord({ total: 1 }))
  expect(waiting(story)).toEqual({ for: 'clients', missing: 2, until: 1000 })
  story.tell(joined('a'))
  expect(waiting(story)).toEqual({ for: 'clients', missing: 1, until: 1000 })
  story.tell(joined('b'))
  expect(waiting(story)).toEqual({ for: 'duty', duty: 'make-factors' })
  story.tell(factorsMade)
  expect(waiting(story)).toEqual({ for: 'updates', of: ['a', 'b'], until: 1000 })
  story.tell(updateOf(story.state, 'a'))
  expect(waiting(story)).toEqual({ for: 'updates', of: ['b'], until: 1000 })
  story.tell(paused)
  expect(waiting(story)).toEqual({ for: 'person', reason: 'asked to' })
  story.tell({ type: 'resumed' })
  story.tell({ type: 'paused', cause: 'disk-full', reason: '12 MB are left' })
  expect(waiting(story)).toEqual({ for: 'room', reason: '12 MB are left' })
  told(story, [{ type: 'resumed' }, updateOf(story.state, 'b')])
  expect(waiting(story)).toEqual({ for: 'duty', duty: 'aggregate' })
  story.tell(aggregated)
  expect(waiting(story)).toEqual({ for: 'duty', duty: 'commit' })
  story.tell(committed)
  expect(waiting(story)).toBeNull()
})

it('names the free places of a round in which nobody is at work', () => {
  const story = inRoundOne(['a', 'b'])
  told(story, [updateOf(story.state, 'a'), left('b')])
  expect(waiting(story)).toEqual({ for: 'clients', missing: 1, until: 1000 })
})

it('names late work only where nobody else is at work', () => {
  const deadline = { softMs: 400, hardMs: 1000 }
  const story = inRoundOne(['a', 'b', 'c'], { mode: { kind: 'sync', onLate: 'next-round' }, deadline, quorum: 2 })
  told(story, [updateOf(story.state, 'a'), updateOf(story.state, 'b')])
  story.at(400)
  told(story, [{ type: 'deadline-passed' }, aggregated, committed])
  expect(waiting(story)).toEqual({ for: 'updates', of: ['a', 'b'], until: 1400 })
  told(story, [updateOf(story.state, 'a'), left('b')])
  expect(waiting(story)).toEqual({ for: 'updates', of: ['c'], until: 1400 })
})
