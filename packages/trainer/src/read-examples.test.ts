import { unwrap } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { dataSpec } from './data-spec.ts'
import { labelsOf } from './example.ts'
import { readExamples } from './read-examples.ts'

const classification = dataSpec.parse({ format: 'classification' })
const chat = dataSpec.parse({ format: 'chat' })

const refusal = (jsonl: string, spec = classification) => {
  const result = readExamples(jsonl, spec)
  if (result.ok) throw new Error('was accepted')
  return result.error
}

describe('classification rows', () => {
  it('become the template around the text; the space before {label} opens the completion', () => {
    const jsonl = '{"text": "a game", "label": "games", "client": "x"}\r\n\n{"text": "", "label": "web"}\n'
    expect(unwrap(readExamples(jsonl, classification))).toEqual([
      {
        line: 1,
        prompt: { head: '', body: 'a game', tail: '\nSection:', cut: 'end' },
        completion: ' games',
        label: 'games',
      },
      { line: 3, prompt: { head: '', body: '', tail: '\nSection:', cut: 'end' }, completion: ' web', label: 'web' },
    ])
  })

  it('keep what a template says before the text', () => {
    const spec = dataSpec.parse({ format: 'classification', template: 'Text: {text}\n=>{label}' })
    const [example] = unwrap(readExamples('{"text": "t", "label": "l"}', spec))
    expect(example).toMatchObject({ prompt: { head: 'Text: ', tail: '\n=>' }, completion: 'l' })
  })

  it('give their labels once each, sorted', () => {
    const jsonl = ['b', 'a', 'b', 'B'].map((label) => JSON.stringify({ text: 't', label })).join('\n')
    expect(labelsOf(unwrap(readExamples(jsonl, classification)))).toEqual(['B', 'a', 'b'])
  })
})

describe('a bad data file', () => {
  it('is refused with the number of the broken line', () => {
    const error = refusal('{"text": "t", "label": "l"}\n{"text": "t", ')
    expect(error.code).toBe('invalid-data')
    expect(error.message).toMatch(/^line 2: not JSON/)
  })

  it.each([
    ['{"text": "t"}', 'line 1: field "label"'],
    ['{"text": 3, "label": "l"}', 'line 1: field "text"'],
    ['{"text": "t", "label": ""}', 'line 1: field "label"'],
    ['[]', 'line 1: the row'],
    ['7', 'line 1: the row'],
  ])('%s is refused: %s', (jsonl, message) => {
    expect(refusal(jsonl)).toMatchObject({ code: 'invalid-data', message: expect.stringContaining(message) })
  })

  it('without rows is empty', () => {
    expect(refusal('\n \n').code).toBe('empty-data')
  })

  it('with a label that the run does not have is refused with the labels it has', () => {
    const spec = dataSpec.parse({ format: 'classification', labels: ['a', 'b'] })
    const error = refusal('{"text": "t", "label": "c"}', spec)
    expect(error.message).toBe('line 1: label "c" is none of the run\'s labels')
    expect(error.fix).toBe('Use one of: a, b.')
  })

  it('names the role that no chat has', () => {
    const error = refusal('{"messages": [{"role": "robot", "content": "x"}]}', chat)
    expect(error.message).toContain('line 1: field "messages.0.role"')
  })

  it('has nothing to learn in a chat without an answer', () => {
    expect(refusal('{"messages": [{"role": "user", "content": "x"}]}', chat).message).toContain(
      'no message of the assi',
    )
  })
})

describe('chat rows', () => {
  const jsonl = JSON.stringify({
    messages: [
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello.' },
      { role: 'user', content: 'Bye' },
      { role: 'assistant', content: 'So long.' },
    ],
  })

  it('of prompt and completion stay as they are', () => {
    expect(unwrap(readExamples('{"prompt": "1+1=", "completion": "2"}', chat))).toEqual([
      { line: 1, prompt: { head: '', body: '1+1=', tail: '', cut: 'start' }, completion: '2', label: null },
    ])
  })

  it('of messages are one example an answer, in the plain form without a template', () => {
    const examples = unwrap(readExamples(jsonl, chat))
    expect(examples.map(({ prompt, completion }) => [prompt.body, completion])).toEqual([
      ['System: Be short.\nUser: Hi\nAssistant:', ' Hello.'],
      ['System: Be short.\nUser: Hi\nAssistant: Hello.\nUser: Bye\nAssistant:', ' So long.'],
    ])
  })

  it('of messages are written by the chat template of the model, when it has one', () => {
    const source =
      '{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}' +
      '{% if add_generation_prompt %}[assistant]{% endif %}'
    const examples = unwrap(readExamples(jsonl, chat, { source, endOfText: '<end>' }))
    expect(examples.map(({ completion }) => completion)).toEqual(['Hello.<end>', 'So long.<end>'])
    expect(examples[0]!.prompt.body).toBe('<end>[system]Be short.<end>[user]Hi<end>[assistant]')
  })

  it('that the chat template refuses are named by line', () => {
    const result = readExamples(jsonl, chat, { source: "{{ raise_exception('no system role') }}", endOfText: '' })
    expect(!result.ok && result.error.message).toMatch(
      /^line 1: the chat template does not accept it: .*no system role/,
    )
  })
})

it('a template without {text}, or with something after {label}, is refused', () => {
  for (const template of ['{label}', '{text}', '{text} {label}.', '{text}{text}{label}']) {
    expect(dataSpec.safeParse({ format: 'classification', template }).success).toBe(false)
  }
})
