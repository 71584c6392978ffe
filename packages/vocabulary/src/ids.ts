/** Branded identifiers: a run's id can not be passed where a client's is asked for. */

declare const brand: unique symbol
type Branded<Value, Name extends string> = Value & { readonly [brand]: Name }

/** One fine-tuning job, from its `RunSpec` to its final adapter. */
export type RunId = Branded<string, 'RunId'>
/** A federated participant: stable across reconnects and restarts of its worker. */
export type ClientId = Branded<string, 'ClientId'>
/** One piece of work given to one client: the same id in every message about it. */
export type AssignmentId = Branded<string, 'AssignmentId'>
/** Lower-case hexadecimal SHA-256 of some bytes: the name of a blob. */
export type BlobHash = Branded<string, 'BlobHash'>

export const runId = (text: string): RunId => text as RunId
export const clientId = (text: string): ClientId => text as ClientId
export const assignmentId = (text: string): AssignmentId => text as AssignmentId
export const blobHash = (text: string): BlobHash => text as BlobHash
