import { type BlobHash, FedError, type RunId } from '@tessera/vocabulary'
import type { LoggedEvent, StageName, Store, StoredUpdate, StoredVersion } from './ports.ts'
import type { RunRecord, RunState } from './run-state.ts'

/** A run as it is stored, to be checked: nothing in it is believed. */
export interface RunArchive {
  readonly record: RunRecord
  /** The stored state. */
  readonly state: RunState
  /** The stored versions; of a run that goes on there may be later ones than the state knows. */
  readonly versions: readonly StoredVersion[]
  /** The log up to the stored state, oldest first. */
  events(): AsyncIterable<LoggedEvent>
  /** The updates of a stage whose bytes are kept, one in memory at a time. */
  updates(stage: StageName): AsyncIterable<StoredUpdate>
  blob(hash: BlobHash): Promise<Uint8Array | null>
}

/** As much of a store as an archive is read from. */
export type ArchiveStore = Pick<Store, 'loadRuns' | 'eventsOf' | 'updatesOf' | 'versionsOf' | 'readBlob'>

/**
 * What a store holds of a run, even while the run goes on: the log is read up to the state that was read first.
 *
 * @throws {FedError} 'unknown-run'
 */
export async function archiveOf(store: ArchiveStore, runId: RunId): Promise<RunArchive> {
  const run = (await store.loadRuns()).find(({ record }) => record.runId === runId)
  if (run === undefined) throw new FedError('unknown-run', `there is no run ${runId}`)
  const { record, state } = run
  return {
    record,
    state,
    versions: await store.versionsOf(runId),
    async *events() {
      for await (const row of store.eventsOf(runId)) {
        if (row.seq > state.seq) return
        yield row
      }
    },
    updates: (stage) => store.updatesOf(runId, stage),
    blob: (hash) => store.readBlob(hash),
  }
}
