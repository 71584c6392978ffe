import { decodeLog, decodeUpdates, type RunArchive } from '@tessera/federation'
import { type BlobHash, FedError } from '@tessera/vocabulary'
import type { ApiClient } from './api-client.ts'

const ATTEMPTS = 3

/**
 * A run as its coordinator has it stored, read over HTTP as it is needed. Its events can be read once.
 *
 * @throws {FedError} `unknown-run`, and those of the client.
 */
export async function openArchive(client: ApiClient, id: string): Promise<RunArchive> {
  return {
    ...(await decodeLog(await client.log(id))),
    async *updates(stage) {
      yield* decodeUpdates(await client.updates(id, stage))
    },
    blob: (hash) => wholeBlob(client, id, hash),
  }
}

/** A coordinator that answers, and does not send a blob to its end however often it is asked, does not have it whole. */
async function wholeBlob(client: ApiClient, id: string, hash: BlobHash): Promise<Uint8Array | null> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      return await client.blob(hash)
    } catch (error) {
      if (!(error instanceof FedError)) throw error
      if (error.code === 'unknown-blob') return null
      if (error.code !== 'unreachable' && error.code !== 'internal') throw error
      await client.run(id)
    }
  }
  return null
}
