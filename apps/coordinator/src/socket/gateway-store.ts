import type { BlobHash, ClientId, FedError, Result } from '@tessera/vocabulary'
import type { WriteLedger } from '../ledger/byte-ledger.ts'

/** What the worker protocol keeps besides the runs themselves. */
export interface GatewayStore {
  /** Remember a client, or recognise it by its secret. Errors: `unauthorized` when the secret is another one. */
  admit(client: AdmittedClient): Promise<Result<void, FedError>>
  /** Indexes of the chunks of a blob that are not here, ascending, at most `limit`. */
  missingChunks(blob: BlobPlace, limit: number): Promise<readonly number[]>
  /** Keep one chunk; the last one checks the whole. Errors: `hash-mismatch`, after which all chunks are missing. */
  storeChunk(blob: BlobPlace, index: number, bytes: Uint8Array): Promise<Result<{ complete: boolean }, FedError>>
  /** Keep what the connections moved; lines of a run that is gone are left out. */
  readonly writeLedger: WriteLedger
}

export interface AdmittedClient {
  readonly clientId: ClientId
  readonly secret: string
  readonly device: string
  readonly software: string
  readonly examples: number
}

export interface BlobPlace {
  readonly hash: BlobHash
  readonly size: number
}
