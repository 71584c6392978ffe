import type { BlobHash } from '@tessera/vocabulary'
import { expect, it } from 'vitest'
import { eventText } from './event-text.ts'

it('says which data a start was made from, where it was made from a file', () => {
  const hash = (digit: string) => digit.repeat(64) as BlobHash
  const made = { type: 'factors-made', at: 0, factors: hash('a'), coordinates: hash('b') } as const
  expect(eventText(made)).toBe('the frozen factors are made, training starts')
  expect(eventText({ ...made, data: { hash: hash('c'), rows: 96 } })).toBe(
    `the frozen factors are made from 96 rows of the file ${'c'.repeat(64)}, training starts`,
  )
})

it('says how many ranks are left, where they have changed', () => {
  const hash = 'a'.repeat(64) as BlobHash
  const done = { type: 'aggregated', at: 0, coordinates: hash, largestUpdate: [], updateNorm: 0.5 } as const
  expect(eventText(done)).toBe('the updates are aggregated to one of norm 0.5000')
  expect(eventText({ ...done, ranks: { q_proj: 2, down_proj: 0 } })).toBe(
    'the updates are aggregated to one of norm 0.5000; 2 ranks left',
  )
})
