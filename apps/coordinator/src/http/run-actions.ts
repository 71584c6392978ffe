import type { RunId } from '@tessera/vocabulary'

export interface SubmittedRun {
  readonly id: RunId
  /** False when an earlier submission with the same token made it. */
  readonly made: boolean
}

/** What people can do to runs over HTTP. Refusals are thrown as `FedError`: `invalid-config`, `illegal-event`, … */
export interface RunActions {
  /**
   * Makes a run of a specification as it was sent, not yet parsed. A submit token makes one run however often it comes;
   * with another specification it is refused with `conflict`.
   */
  createRun(spec: unknown, options: { readonly submitToken?: string | undefined }): Promise<SubmittedRun>
  pause(id: RunId): Promise<void>
  resume(id: RunId): Promise<void>
  abort(id: RunId): Promise<void>
  /** Removes a run with all that belongs to it; one that has not ended only with `force`. */
  remove(id: RunId, options: { readonly force: boolean }): Promise<void>
  /** What an export needs to rebuild the adapter: specification, sites, hashes of factors and coordinates, as JSON. */
  record(id: RunId): Promise<unknown>
}
