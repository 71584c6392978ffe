import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHUNK_BYTES, chunkCount, chunkRange, hashBytes, sliceChunk } from './index.ts'

/** Bytes in which every chunk differs from every other. */
const blobOf = (size: number) => Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 16)) & 0xff)

describe('hashBytes', () => {
  it('is the SHA-256 of FIPS 180-4: of "abc", and of what Node says', () => {
    expect(hashBytes(new TextEncoder().encode('abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
    const same = (bytes: Uint8Array) => {
      expect(hashBytes(bytes)).toBe(createHash('sha256').update(bytes).digest('hex'))
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), same))
  })
})

describe('chunks', () => {
  it('cover every byte once', () => {
    expect(chunkCount(1)).toBe(1)
    expect(chunkCount(CHUNK_BYTES)).toBe(1)
    expect(chunkCount(CHUNK_BYTES + 1)).toBe(2)
    expect(chunkRange(300_000, 0)).toEqual({ offset: 0, length: 262_144 })
    expect(chunkRange(300_000, 1)).toEqual({ offset: 262_144, length: 37_856 })
    const bytes = blobOf(300_000)
    expect(Buffer.concat([sliceChunk(bytes, 0), sliceChunk(bytes, 1)]).equals(bytes)).toBe(true)
  })

  it('do not exist outside the blob', () => {
    for (const index of [-1, 2, 0.5, Number.NaN]) expect(() => chunkRange(300_000, index)).toThrow(RangeError)
    expect(() => chunkRange(0, 0)).toThrow(RangeError)
  })
})
