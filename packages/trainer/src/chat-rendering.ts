import { Template } from '@huggingface/jinja'
import type { Example } from './example.ts'

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

/** A base model's own way to write a conversation: the Jinja source of `tokenizer_config.json`. */
export interface ChatTemplate {
  readonly source: string
  /** The text of the end-of-text token; templates know it as `bos_token` and `eos_token`. */
  readonly endOfText: string
}

/** Writes a conversation as text; `ask` ends it where the assistant's next words begin. */
export type RenderChat = (messages: readonly ChatMessage[], ask: boolean) => string

/**
 * The rendering of a chat template, or without one this plain form, a line break between the messages:
 *
 *     System: …
 *     User: …
 *     Assistant: …
 */
export function chatRenderer(template: ChatTemplate | null): RenderChat {
  if (template === null) return renderPlainly
  const parsed = new Template(template.source)
  const { endOfText } = template
  return (messages, ask) =>
    parsed.render({ messages, add_generation_prompt: ask, bos_token: endOfText, eos_token: endOfText })
}

const SPEAKERS = { system: 'System', user: 'User', assistant: 'Assistant' }

const renderPlainly: RenderChat = (messages, ask) => {
  const lines = messages.map(({ role, content }) => `${SPEAKERS[role]}: ${content}`)
  return (ask ? [...lines, `${SPEAKERS.assistant}:`] : lines).join('\n')
}

/**
 * One example for every message of the assistant: what it said is the completion, everything before it the prompt.
 * So each of its words is learned once, and nobody else's.
 *
 * @throws {Error} the template refuses the conversation, or writes a message differently once it is answered.
 */
export function chatExamples(line: number, messages: readonly ChatMessage[], render: RenderChat): Example[] {
  return messages.flatMap((message, at) => {
    if (message.role !== 'assistant') return []
    const prompt = render(messages.slice(0, at), true)
    const whole = render(messages.slice(0, at + 1), false)
    if (!whole.startsWith(prompt)) throw new Error('the chat template changes a prompt when its answer follows')
    return [{ line, prompt: promptOf(prompt), completion: whole.slice(prompt.length), label: null }]
  })
}

/** A prompt of one piece that loses its oldest words first. */
export const promptOf = (body: string): Example['prompt'] => ({ head: '', body, tail: '', cut: 'start' })
