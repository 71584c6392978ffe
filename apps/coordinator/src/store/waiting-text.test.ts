import { clientId } from '@tessera/vocabulary'
import { expect, it } from 'vitest'
import { waitingText } from './waiting-text.ts'

const updates = (...names: string[]) => waitingText({ for: 'updates', of: names.map(clientId), until: 9 })

it('names the clients whose updates are awaited, the first three of many', () => {
  expect(updates('a')).toBe('waits for the update of a')
  expect(updates('a', 'b', 'c', 'd', 'e')).toBe('waits for the updates of a, b, c and 2 more')
})

it('says how many clients are missing, and who has to do something', () => {
  expect(waitingText({ for: 'clients', missing: 1, until: 9 })).toBe('waits for 1 more client')
  expect(waitingText({ for: 'person', reason: 'no quorum' })).toBe('waits for somebody to resume it')
  expect(waitingText({ for: 'room', reason: 'full' })).toBe('goes on when there is room on the disk')
  expect(waitingText({ for: 'duty', duty: 'aggregate' })).toBe('the coordinator aggregates the updates')
})

it('has nothing to say of a run that has ended', () => {
  expect(waitingText(null)).toBeNull()
})
