import { describe, expect, it } from 'vitest'
import { tinyTokenizerConfigJson, tinyTokenizerJson } from './tiny-model.ts'
import { createTokenizer } from './tokenizer.ts'

describe('tokenizer', () => {
  const tokenizer = createTokenizer(tinyTokenizerJson, tinyTokenizerConfigJson)

  it('merges a and b into one token and adds nothing of its own', () => {
    expect(tokenizer.encode('abba')).toEqual([4, 3, 2]) // ab b a
  })

  it('knows a special token that is spelled out, and spells it out again', () => {
    expect(tokenizer.encode('<end>ab')).toEqual([0, 4])
    expect(tokenizer.decode([0, 4, 1])).toBe('<end>ab<pad>')
  })

  it('gives no tokens for no text, and no text for no tokens', () => {
    expect(tokenizer.encode('')).toEqual([])
    expect(tokenizer.decode([])).toBe('')
  })

  it('names its special ids and counts 5 tokens', () => {
    expect(tokenizer).toMatchObject({ endOfTextId: 0, padId: 1, vocabSize: 5 })
  })

  it('pads with the end of text where no padding token is named', () => {
    expect(createTokenizer(tinyTokenizerJson, { eos_token: { content: '<end>' } }).padId).toBe(0)
  })

  it.each([
    ['no eos_token', tinyTokenizerJson, {}, 'eos_token'],
    ['an eos_token that is not in the vocabulary', tinyTokenizerJson, { eos_token: '<stop>' }, '"<stop>"'],
    ['a tokenizer.json without a model', {}, tinyTokenizerConfigJson, 'tokenizer.json is not valid'],
  ])('refuses %s', (_what, json, config, message) => {
    expect(() => createTokenizer(json, config)).toThrow(expect.objectContaining({ code: 'invalid-model' }))
    expect(() => createTokenizer(json, config)).toThrow(message)
  })
})
