import type { Tokenizer } from '@tessera/models'
import { FedError } from '@tessera/vocabulary'
import type { Example, Prompt } from './example.ts'

export interface TokenizedExample {
  /** Document start, prompt, completion, end of text. */
  readonly tokens: Int32Array
  /** Index of the completion's first token; the end of text belongs to the completion. */
  readonly completionStart: number
  readonly label: string | null
}

export interface TokenizeOptions {
  readonly tokenizer: Pick<Tokenizer, 'encode' | 'endOfTextId'>
  /** Longest sequence in tokens, document start and end of text included. */
  readonly maxLength: number
  /**
   * Tokens kept free for a completion, if more than its own. An evaluation gives the longest label's, so that where a
   * prompt is cut tells nothing about the right answer.
   */
  readonly completionRoom?: number
}

/**
 * Prompt and completion are tokenised apart and joined, so a prompt has the same tokens whatever follows it. A document
 * starts with the end-of-text token, as in pretraining, and the completion ends with it. What does not fit is cut from
 * the prompt's body (see `Prompt.cut`); the text around the body and the completion always stay.
 *
 * @throws {FedError} `invalid-data`: a completion, with what must stay of its prompt, is longer than `maxLength`.
 */
export function tokenizeExamples(examples: readonly Example[], options: TokenizeOptions): TokenizedExample[] {
  return examples.map((example) => tokenizeExample(example, options))
}

function tokenizeExample(example: Example, options: TokenizeOptions): TokenizedExample {
  const { tokenizer, maxLength, completionRoom = 0 } = options
  const completion = completionTokens(example.completion, tokenizer)
  const room = maxLength - Math.max(completion.length, completionRoom)
  const prompt = promptTokens(example.prompt, tokenizer, room)
  if (prompt === null) throw tooLong(example, completion.length, maxLength)
  return { tokens: Int32Array.of(...prompt, ...completion), completionStart: prompt.length, label: example.label }
}

/** The tokens of a completion, up to and with its end of text. */
export function completionTokens(completion: string, tokenizer: TokenizeOptions['tokenizer']): number[] {
  const tokens = tokenizer.encode(completion)
  const end = tokens.indexOf(tokenizer.endOfTextId)
  return [...(end < 0 ? tokens : tokens.slice(0, end)), tokenizer.endOfTextId]
}

/** The document start and the prompt in at most `room` tokens; null when even an empty body is too long. */
function promptTokens({ head, body, tail, cut }: Prompt, tokenizer: TokenizeOptions['tokenizer'], room: number) {
  const whole = withoutStart(tokenizer.encode(head + body + tail), tokenizer.endOfTextId)
  if (whole.length < room) return [tokenizer.endOfTextId, ...whole]
  const before = [tokenizer.endOfTextId, ...withoutStart(tokenizer.encode(head), tokenizer.endOfTextId)]
  const after = tokenizer.encode(tail)
  const left = room - before.length - after.length
  if (left < 0) return null
  const tokens = withoutStart(tokenizer.encode(body), tokenizer.endOfTextId)
  const kept = cut === 'end' ? tokens.slice(0, left) : tokens.slice(Math.max(0, tokens.length - left))
  return [...before, ...kept, ...after]
}

/** A template may write the document start itself; it is there once. */
const withoutStart = (tokens: number[], start: number): number[] => (tokens[0] === start ? tokens.slice(1) : tokens)

function tooLong({ line }: Example, tokens: number, maxLength: number): FedError {
  return new FedError('invalid-data', `line ${line}: its completion of ${tokens} tokens does not fit in ${maxLength}`, {
    details: { line, tokens, maxLength },
    fix: 'Raise maxLength, or shorten the completion or the template.',
  })
}
