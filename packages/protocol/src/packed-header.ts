import type { FedError, Result } from '@tessera/vocabulary'
import { deflateSync } from 'fflate'
import { HEADER_DICTIONARY } from './header-dictionary.ts'
import { inflate } from './inflate.ts'
import { MAX_HEADER_BYTES } from './limits.ts'

/** The same library at the same level makes the same bytes in Node and in browsers; readers take any level. */
const LEVEL = 9

/**
 * A header as it travels: one raw DEFLATE stream.
 *
 * @throws {RangeError} It is longer than 64 KiB.
 */
export function packHeader(header: Uint8Array): Uint8Array {
  if (header.length > MAX_HEADER_BYTES) throw new RangeError(`header of ${header.length} bytes, at most 65536`)
  return deflateSync(header, { level: LEVEL, dictionary: HEADER_DICTIONARY })
}

/** The inverse, of a peer's bytes; never throws. Error: 'invalid-message'. */
export const unpackHeader = (packed: Uint8Array): Result<Uint8Array, FedError> =>
  inflate(packed, { dictionary: HEADER_DICTIONARY, mostBytes: MAX_HEADER_BYTES })
