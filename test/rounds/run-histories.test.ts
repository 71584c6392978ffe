import { happenings, historyRecords, playHistory } from '@tessera/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'

const HISTORIES = 100_000

/** Several times what it takes on a busy machine. */
const TIMEOUT_MS = 600_000

/** Refused events are many, and nobody reads where their errors come from. */
Error.stackTraceLimit = 0

it(
  `the state machine keeps every law in any of ${HISTORIES} histories, and ends when it gets what it names`,
  () => {
    let accepted = 0
    fc.assert(
      fc.property(historyRecords, happenings(50), (record, what) => {
        accepted += playHistory(record, what)
      }),
      { numRuns: HISTORIES },
    )
    expect(accepted).toBeGreaterThan(10 * HISTORIES)
  },
  TIMEOUT_MS,
)
