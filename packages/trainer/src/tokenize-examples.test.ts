import { describe, expect, it } from 'vitest'
import type { Example } from './example.ts'
import { randomLlama } from './random-llama.ts'
import { tokenizeExamples } from './tokenize-examples.ts'

const { tokenizer } = randomLlama(1)
const row = (body: string, completion: string, cut: 'start' | 'end' = 'end'): Example => ({
  line: 4,
  prompt: { head: 'a:', body, tail: ':b', cut },
  completion,
  label: null,
})
const tokenize = (example: Example, maxLength: number, completionRoom = 0) => {
  const [tokenized] = tokenizeExamples([example], { tokenizer, maxLength, completionRoom })
  const { tokens, completionStart } = tokenized!
  return [tokenizer.decode([...tokens.slice(0, completionStart)]), tokenizer.decode([...tokens.slice(completionStart)])]
}

describe('an example in tokens', () => {
  it('starts and ends with the end of text, which the completion has to learn', () => {
    expect(tokenize(row('text', ' yes'), 64)).toEqual(['<end>a:text:b', ' yes<end>'])
  })

  it('that is too long loses the end of its text, never its template or its completion', () => {
    expect(tokenize(row('abcdefgh', 'xyz'), 12)).toEqual(['<end>a:abc:b', 'xyz<end>'])
  })

  it('of a chat loses its oldest words, after the document start', () => {
    const chat = { ...row('', 'xyz'), prompt: { head: '', body: 'abcdefgh', tail: '', cut: 'start' as const } }
    expect(tokenize(chat, 9)).toEqual(['<end>efgh', 'xyz<end>'])
    expect(tokenize(chat, 13)).toEqual(['<end>abcdefgh', 'xyz<end>'])
  })

  it('leaves room for a longer completion than its own, when asked to', () => {
    expect(tokenize(row('abcdefgh', 'x'), 12, 4)).toEqual(['<end>a:abc:b', 'x<end>'])
  })

  it('may lose the whole text, but not more', () => {
    expect(tokenize(row('abc', 'xyz'), 9)).toEqual(['<end>a::b', 'xyz<end>'])
    expect(() => tokenize(row('abc', 'xyz'), 8)).toThrow('line 4: its completion of 4 tokens does not fit in 8')
  })

  it('has one document start and one end of text where a template writes them too', () => {
    const encode = (text: string) => (text === 'p' ? [0, 5] : [6, 0, 7])
    const example: Example = {
      line: 1,
      prompt: { head: '', body: 'p', tail: '', cut: 'start' },
      completion: 'c',
      label: null,
    }
    const [tokenized] = tokenizeExamples([example], { tokenizer: { encode, endOfTextId: 0 }, maxLength: 16 })
    expect([...tokenized!.tokens]).toEqual([0, 5, 6, 0])
  })
})
