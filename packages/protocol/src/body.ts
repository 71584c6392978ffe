import { FedError } from '@tessera/vocabulary'
import { chunkRange, hasChunk } from './chunks.ts'
import { MAX_FETCH_BYTES } from './limits.ts'
import type { Message } from './message.ts'

/**
 * What is wrong with a body under its message, or nothing. Three messages have one: `chunk`, `store-chunk` and an
 * `update` that is not a blob; under any other message it must be empty.
 */
export function bodyProblem(message: Message, body: Uint8Array): FedError | undefined {
  switch (message.type) {
    case 'chunk':
      if (body.length < 1 || body.length > MAX_FETCH_BYTES || message.offset + body.length > message.size)
        return problem(`a chunk at ${message.offset} of ${message.size} bytes can not have ${body.length} bytes`)
      return undefined
    case 'store-chunk':
      return chunkProblem(message, body)
    case 'update':
      return message.blob === null ? updateProblem(body) : emptyProblem(message, body)
    default:
      return emptyProblem(message, body)
  }
}

const problem = (text: string) => new FedError('invalid-message', text)

function chunkProblem({ size, index }: { size: number; index: number }, body: Uint8Array): FedError | undefined {
  if (!hasChunk(size, index)) return problem(`a blob of ${size} bytes has no chunk ${index}`)
  const { length } = chunkRange(size, index)
  if (body.length === length) return undefined
  return problem(`chunk ${index} of a blob of ${size} bytes has ${length} bytes, got ${body.length}`)
}

const updateProblem = (body: Uint8Array) =>
  body.length === 0 ? problem('an update that is not a blob needs a body') : undefined

const emptyProblem = (message: Message, body: Uint8Array) =>
  body.length === 0 ? undefined : problem(`${message.type} has no body, got ${body.length} bytes`)
