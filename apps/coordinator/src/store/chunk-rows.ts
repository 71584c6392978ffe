import { CHUNK_BYTES, chunkCount, chunkRange, sliceChunk } from '@tessera/protocol'

/** Chunks that travel to the database together: 4 MiB, so that memory does not grow with what is stored. */
const TOGETHER = 16

/** A chunk as a row. */
export interface ChunkRow {
  readonly index: number
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Hand over bytes in chunks of 256 KiB, some of them at a time. */
export async function inChunks(bytes: Uint8Array, write: (rows: ChunkRow[]) => Promise<unknown>): Promise<void> {
  const count = chunkCount(bytes.length)
  for (let first = 0; first < count; first += TOGETHER) {
    const indexes = Array.from({ length: Math.min(TOGETHER, count - first) }, (_, at) => first + at)
    await write(indexes.map((index) => ({ index, bytes: Uint8Array.from(sliceChunk(bytes, index)) })))
  }
}

/** Bytes of `size` bytes from their chunks, read some at a time; null when a chunk is missing or of another length. */
export async function fromChunks(
  size: number,
  read: (range: { gte: number; lt: number }) => Promise<readonly ChunkRow[]>,
): Promise<Uint8Array | null> {
  const whole = new Uint8Array(size)
  const count = chunkCount(size)
  for (let first = 0; first < count; first += TOGETHER) {
    const rows = await read({ gte: first, lt: first + TOGETHER })
    if (rows.length !== Math.min(TOGETHER, count - first)) return null
    for (const { index, bytes } of rows) {
      if (bytes.length !== chunkRange(size, index).length) return null
      whole.set(bytes, index * CHUNK_BYTES)
    }
  }
  return whole
}
