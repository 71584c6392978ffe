import { hashBytes } from '@tessera/protocol'
import { type BlobHash, FedError } from '@tessera/vocabulary'
import type { ApiClient } from './api-client.ts'

/** @throws {FedError} `hash-mismatch`, and those of the client */
export async function verifiedBlob(client: Pick<ApiClient, 'blob'>, hash: BlobHash): Promise<Uint8Array> {
  const bytes = await client.blob(hash)
  if (hashBytes(bytes) === hash) return bytes
  throw new FedError('hash-mismatch', `the coordinator sent other bytes than those of ${hash}`, { fix: 'Try again.' })
}
