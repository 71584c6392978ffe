import { err, FedError, ok, type Result } from '@tessera/vocabulary'
import { deflateRaw, Inflate } from 'pako'
import { HEADER_DICTIONARY } from './header-dictionary.ts'
import { MAX_HEADER_BYTES } from './limits.ts'

/** The same library at the same level makes the same bytes in Node and in browsers; readers take any level. */
const LEVEL = 9
/** What a reader has at a time of a stream that may hold far more than it may. */
const PIECE_BYTES = 4096
/** zlib wants more input than there is. */
const Z_BUF_ERROR = -5

/**
 * A header as it travels: one raw DEFLATE stream (RFC 1951) with the protocol's dictionary before it.
 *
 * @throws {RangeError} It is longer than 64 KiB.
 */
export function packHeader(header: Uint8Array): Uint8Array {
  if (header.length > MAX_HEADER_BYTES) throw new RangeError(`header of ${header.length} bytes, at most 65536`)
  return deflateRaw(header, { level: LEVEL, dictionary: HEADER_DICTIONARY })
}

/**
 * The inverse, of a peer's bytes; never throws. Error: 'invalid-message', where the stream is cut short, wrong, holds more
 * than 64 KiB, or has bytes after its end.
 */
export function unpackHeader(packed: Uint8Array): Result<Uint8Array, FedError> {
  const pieces: Uint8Array[] = []
  let length = 0
  const stream = new Inflate({ raw: true, dictionary: HEADER_DICTIONARY, chunkSize: PIECE_BYTES })
  stream.onData = (piece: Uint8Array): void => {
    length += piece.length
    if (length > MAX_HEADER_BYTES) throw notDeflate('it holds more than 65536 bytes') // the only way to stop it
    pieces.push(piece)
  }
  try {
    // A stream that has ended before its last byte is followed by something.
    stream.push(packed.subarray(0, -1), false)
    if (stream.ended && stream.err === 0) return err(notDeflate('bytes follow its end'))
    stream.push(packed.subarray(-1), true)
  } catch (error) {
    if (error instanceof FedError) return err(error)
    throw error
  }
  if (stream.err === Z_BUF_ERROR) return err(notDeflate('it is cut short'))
  if (stream.err !== 0) return err(notDeflate(stream.msg))
  return ok(joined(pieces, length))
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

const notDeflate = (reason: string): FedError =>
  new FedError('invalid-message', `the header is no DEFLATE stream of this protocol: ${reason}`)
