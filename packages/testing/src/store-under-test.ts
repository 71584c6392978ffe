import type { RunRecord, Store, StoredMetric, StoredUpdate } from '@tessera/federation'
import type { RunId } from '@tessera/vocabulary'
import { expect } from 'vitest'

/** A store, and what its port does not answer. */
export interface StoreUnderTest {
  readonly store: Store
  metricsOf(runId: RunId): Promise<readonly StoredMetric[]>
  close(): Promise<void>
}

/** Makes a run of its own for one test. */
export type Begin = () => Promise<StoreUnderTest & { record: RunRecord }>

export const refusedWith = (code: string) => expect.objectContaining({ code })

export async function collectUpdates(updates: AsyncIterable<StoredUpdate>): Promise<StoredUpdate[]> {
  const list: StoredUpdate[] = []
  for await (const update of updates) list.push(update)
  return list.sort((a, b) => (a.assignmentId < b.assignmentId ? -1 : 1))
}
