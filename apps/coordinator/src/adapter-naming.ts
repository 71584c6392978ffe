import type { RunRecord, RunState } from '@tessera/federation'
import { adapterHash } from './adapter-hash.ts'
import type { LiveBroadcaster } from './live-broadcaster.ts'
import type { ModelShelf } from './model-shelf.ts'
import type { Database } from './store/database.ts'

/** Told of every state of a run; what it starts goes on by itself. */
export type NameAdapter = (record: RunRecord, state: RunState) => void

/** A finished run is given the name of the adapter that its export will write. */
export function adapterNaming(
  broadcaster: LiveBroadcaster,
  { store, setAdapterHash, shelf }: Database & { readonly shelf: ModelShelf },
  failed: (error: unknown) => void,
): NameAdapter {
  const name = async (record: RunRecord, version: Parameters<typeof adapterHash>[1]): Promise<void> => {
    await setAdapterHash(record.runId, await adapterHash(record, version, { store, shelf }))
    broadcaster.measured(record, [])
  }
  return (record, { phase, factors, coordinates, baseChange }) => {
    if (phase !== 'finished' || factors === null || coordinates === null) return
    name(record, { factors, coordinates, ...(baseChange && { baseChange }) }).catch(failed)
  }
}
