import { FedError } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { encodeFrame, errorOf, publicMessage, refusalOf } from './index.ts'

describe('refusalOf', () => {
  it('says what the peer did wrong and what to do about it', () => {
    const error = new FedError('hash-mismatch', 'the chunks have another hash', { fix: 'Send it again.' })
    expect(refusalOf(error)).toEqual({
      type: 'refusal',
      code: 'hash-mismatch',
      message: 'the chunks have another hash',
      fix: 'Send it again.',
      retryable: true,
    })
  })

  it('keeps paths and internals on this machine: the code and its public sentence must do', () => {
    const inside = new FedError('internal', 'can not read /home/ada/secret.txt', { fix: 'chmod /home/ada' })
    expect(refusalOf(inside)).toEqual({
      type: 'refusal',
      code: 'internal',
      message: 'Something went wrong inside Tessera.',
      retryable: false,
    })
    expect(publicMessage(new FedError('invalid-data', '/home/ada/diary.jsonl line 3'))).toBe(
      'A line of the data file is not valid.',
    )
  })

  it('is a message that can be sent, however long the error', () => {
    const message = refusalOf(new FedError('invalid-message', 'x'.repeat(100_000), { fix: 'y'.repeat(100_000) }))
    expect(encodeFrame({ message }).length).toBeLessThan(5000)
  })

  it('comes back as the same error on the other side', () => {
    const { code, message, fix, retryable } = errorOf(refusalOf(new FedError('timeout', 'too slow', { fix: 'Hurry.' })))
    expect({ code, message, fix, retryable }).toEqual({
      code: 'timeout',
      message: 'too slow',
      fix: 'Hurry.',
      retryable: true,
    })
  })
})
