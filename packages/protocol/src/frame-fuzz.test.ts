import { createHash } from 'node:crypto'
import { describeDecoder } from '@tessera/testing'
import type { ErrorCode } from '@tessera/vocabulary'
import { decodeFrame, encodeFrame, type Frame } from './index.ts'
import { MAX_HEADER_BYTES } from './limits.ts'
import { packHeader, unpackHeader } from './packed-header.ts'
import { sampleSession } from './sample-session.ts'

const CHECKSUM_BYTES = 16
/** A header of 64 KiB in pieces and in one, and the window and the tables of its stream. */
const INFLATED_BYTES = 3 * MAX_HEADER_BYTES
/** Magic, version and the zeros behind it. */
const START_BYTES = 8

const frames = sampleSession.map(encodeFrame)
const start = frames[0]!.subarray(0, START_BYTES)
const refusals: readonly ErrorCode[] = ['malformed-frame', 'unsupported-version', 'invalid-message']

const check = ({ message, body }: Frame) => {
  if (typeof message.type !== 'string') throw new Error('a message has no type')
  if (!(body instanceof Uint8Array)) throw new Error('a body is not bytes')
}

describeDecoder('frames', {
  samples: frames,
  decode: decodeFrame,
  refusals,
  allowedBytes: (size) => size + INFLATED_BYTES,
  check,
})

describeDecoder('what stands under a checksum that fits', {
  samples: frames.map((frame) => frame.subarray(START_BYTES, -CHECKSUM_BYTES)),
  decode(lengthsHeaderAndBody) {
    const covered = Buffer.concat([start, lengthsHeaderAndBody])
    const checksum = createHash('sha256').update(covered).digest().subarray(0, CHECKSUM_BYTES)
    return decodeFrame(Buffer.concat([covered, checksum]))
  },
  refusals,
  allowedBytes: (size) => size + INFLATED_BYTES,
  check,
})

describeDecoder('deflated headers', {
  samples: sampleSession.map(({ message }) => packHeader(new TextEncoder().encode(JSON.stringify(message)))),
  decode: unpackHeader,
  refusals: ['invalid-message'],
  allowedBytes: () => INFLATED_BYTES,
})
