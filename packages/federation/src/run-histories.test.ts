import { happenings, historyRecords, playHistory } from '@tessera/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'

const HISTORIES = 1000

it(`keeps every law in any of ${HISTORIES} histories of a run, and ends when it gets what it waits for`, () => {
  let accepted = 0
  fc.assert(
    fc.property(historyRecords, happenings(60), (record, what) => {
      accepted += playHistory(record, what)
    }),
    { numRuns: HISTORIES },
  )
  expect(accepted).toBeGreaterThan(10 * HISTORIES)
})
