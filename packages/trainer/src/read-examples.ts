import { err, FedError, ok, type Result } from '@tessera/vocabulary'
import { z } from 'zod'
import { type ChatTemplate, chatExamples, chatRenderer, promptOf, type RenderChat } from './chat-rendering.ts'
import type { ClassificationSpec, DataSpec } from './data-spec.ts'
import type { Example } from './example.ts'
import { templateParts } from './template-parts.ts'

const classificationRow = z.object({ text: z.string(), label: z.string().min(1) })
const completionRow = z.object({ prompt: z.string(), completion: z.string().min(1) })
const messagesRow = z.object({
  messages: z
    .array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() }))
    .refine((messages) => messages.some(({ role }) => role === 'assistant'), 'has no message of the assistant'),
})

/**
 * The examples of a JSONL file: `{text, label}` for classification; `{prompt, completion}` or
 * `{messages: [{role, content}]}` for chat. Other fields are ignored, and so are blank lines.
 *
 * @param chatTemplate How the base model writes conversations; null for the plain form of `chatRenderer`.
 * @returns `invalid-data`, which names the first bad line and its field, or `empty-data`.
 */
export function readExamples(
  jsonl: string,
  spec: DataSpec,
  chatTemplate: ChatTemplate | null = null,
): Result<Example[], FedError> {
  try {
    const read = spec.format === 'classification' ? classificationReader(spec) : chatReader(chatRenderer(chatTemplate))
    const examples = jsonl
      .split(/\r?\n/)
      .flatMap((text, at) => (text.trim() === '' ? [] : read(parseLine(text, at + 1), at + 1)))
    if (examples.length > 0) return ok(examples)
    return err(new FedError('empty-data', 'the data file has no rows', { fix: 'Put one JSON object on each line.' }))
  } catch (error) {
    if (error instanceof FedError) return err(error)
    throw error
  }
}

type ReadRow = (row: unknown, line: number) => Example[]

function classificationReader({ template, labels }: ClassificationSpec): ReadRow {
  const { head, tail, completionOf } = templateParts(template)
  return (row, line) => {
    const { text, label } = parseRow(classificationRow, row, line)
    if (labels !== undefined && !labels.includes(label)) {
      throw badLine(line, `label "${label}" is none of the run's labels`, `Use one of: ${labels.join(', ')}.`)
    }
    return [{ line, prompt: { head, body: text, tail, cut: 'end' }, completion: completionOf(label), label }]
  }
}

const chatReader =
  (render: RenderChat): ReadRow =>
  (row, line) => {
    const isConversation = typeof row === 'object' && row !== null && 'messages' in row
    if (!isConversation) {
      const { prompt, completion } = parseRow(completionRow, row, line)
      return [{ line, prompt: promptOf(prompt), completion, label: null }]
    }
    const { messages } = parseRow(messagesRow, row, line)
    try {
      return chatExamples(line, messages, render)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw badLine(line, `the chat template does not accept it: ${reason}`)
    }
  }

function parseLine(text: string, line: number): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw badLine(line, `not JSON: ${(cause as Error).message}`, 'Each line must be one JSON object.')
  }
}

function parseRow<Row>(schema: z.ZodType<Row>, row: unknown, line: number): Row {
  const parsed = schema.safeParse(row)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  const field = issue.path.length > 0 ? `field "${issue.path.join('.')}"` : 'the row'
  throw badLine(line, `${field}: ${issue.message}`)
}

function badLine(line: number, reason: string, fix?: string): FedError {
  return new FedError('invalid-data', `line ${line}: ${reason}`, { details: { line }, ...(fix && { fix }) })
}
