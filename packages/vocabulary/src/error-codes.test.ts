import { describe, expect, it } from 'vitest'
import { ERROR_CODES } from './error-codes.ts'

describe.each(Object.entries(ERROR_CODES))('%s', (code, { sentence, fix }) => {
  it('is named in kebab-case', () => expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/))
  it('has one public sentence', () => expect(sentence).toMatch(ONE_SENTENCE))
  it('has one fix', () => expect(fix).toMatch(ONE_SENTENCE))
})

/** Begins with a capital letter, ends with a full stop, and has no other sentence in it. */
const ONE_SENTENCE = /^[A-Z](?:(?!\. [A-Z]).){5,100}\.$/
