import type { Store } from '@tessera/federation'
import type { ModelShelf } from './model-shelf.ts'

/** Blobs of base models lie on the disk, all others in the database. */
export function modelOrStored(shelf: ModelShelf, store: Store) {
  return {
    readBlob: async (hash: Parameters<Store['readBlob']>[0]) => shelf.readBlob(hash) ?? store.readBlob(hash),
    readBlobRange: async (...[hash, { offset, length }]: Parameters<Store['readBlobRange']>) => {
      const model = shelf.readBlob(hash)
      if (model === null) return store.readBlobRange(hash, { offset, length })
      return { size: model.length, bytes: model.subarray(offset, offset + length) }
    },
  }
}
