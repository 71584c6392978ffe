import { hashBytes } from '@tessera/protocol'
import type { BlobHash } from '@tessera/vocabulary'
import type { TimedEvent } from './run-events.ts'
import type { RunRecord } from './run-state.ts'

/**
 * The hash chain over a run's log: head(0) = SHA-256 of the record, head(n) = SHA-256(head(n-1), newline, event n), all
 * as UTF-8 of their JSON. Whoever knows a head knows everything before it: no event can be changed, left out, added
 * or moved without changing every later head.
 */
export function genesis(record: RunRecord): BlobHash {
  return hashText(`tessera run log 1\n${JSON.stringify(record)}`)
}

/** The head after one more event. */
export function chain(head: BlobHash, event: TimedEvent): BlobHash {
  return hashText(`${head}\n${JSON.stringify(event)}`)
}

const encoder = new TextEncoder()
const hashText = (text: string): BlobHash => hashBytes(encoder.encode(text))
