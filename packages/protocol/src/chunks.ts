import { CHUNK_BYTES } from './limits.ts'

/** Number of chunks of a blob of `size` bytes: ceil(size / 256 KiB). */
export const chunkCount = (size: number): number => Math.ceil(size / CHUNK_BYTES)

/**
 * Where chunk `index` of a blob of `size` bytes lies.
 *
 * @throws {RangeError} The blob has no such chunk.
 * @example chunkRange(300_000, 1) // { offset: 262_144, length: 37_856 }
 */
export function chunkRange(size: number, index: number): { readonly offset: number; readonly length: number } {
  if (!hasChunk(size, index)) throw new RangeError(`a blob of ${size} bytes has no chunk ${index}`)
  const offset = index * CHUNK_BYTES
  return { offset, length: Math.min(CHUNK_BYTES, size - offset) }
}

export const hasChunk = (size: number, index: number): boolean =>
  Number.isInteger(index) && index >= 0 && index < chunkCount(size)

/** Chunk `index` of `bytes`, as a view on the same memory. */
export function sliceChunk(bytes: Uint8Array, index: number): Uint8Array {
  const { offset, length } = chunkRange(bytes.length, index)
  return bytes.subarray(offset, offset + length)
}
