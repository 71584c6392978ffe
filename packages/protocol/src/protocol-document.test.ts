/** PROTOCOL.md is executed: its tables, example and session are what the code says. `vitest -u` writes them anew. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { inflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { COORDINATOR_MESSAGES } from './coordinator-messages.ts'
import { DICTIONARY_LINES, HEADER_DICTIONARY } from './header-dictionary.ts'
import { decodeFrame, encodeFrame } from './index.ts'
import * as limits from './limits.ts'
import { MESSAGES, REPLY_TO } from './message.ts'
import { REPLIES } from './replies.ts'
import { sampleSession } from './sample-session.ts'
import { WORKER_MESSAGES } from './worker-messages.ts'

const path = fileURLToPath(new URL('../PROTOCOL.md', import.meta.url))
const document = readFileSync(path, 'utf8')
/** The formatter pads tables and adds empty lines; only words count here. */
const words = (markdown: string) =>
  markdown
    .replace(/-{3,}/g, '---')
    .replace(/ +/g, ' ')
    .replace(/ ?\| ?/g, '|')
    .replace(/\n+/g, '\n')

type Json = z.core.JSONSchema.JSONSchema & { readonly properties?: Record<string, Json> }
type MessageSchema = (typeof WORKER_MESSAGES | typeof COORDINATOR_MESSAGES | typeof REPLIES)[number]

/** What a field holds, in a few words. */
function kindOf(field: Json): string {
  if (field.title !== undefined) return field.title
  if (field.anyOf !== undefined) return field.anyOf.map((option) => kindOf(option as Json)).join(' or ')
  if (field.enum !== undefined) return field.enum.map((value) => `\`${value}\``).join(' or ')
  if (field.type === 'integer') return `integer ${rangeOf(field.minimum, field.maximum)}`
  if (field.type === 'array') return `list of ${kindOf(field.items as Json)}`
  if (field.type === 'string') return field.maxLength === undefined ? 'text' : `text ≤ ${field.maxLength}`
  if (field.type === 'object' && field.properties === undefined)
    return `map to ${kindOf(field.additionalProperties as Json)}`
  return [field.type ?? 'anything'].flat().join(' or ')
}

function rangeOf(minimum = 0, maximum = Number.MAX_SAFE_INTEGER): string {
  return maximum === Number.MAX_SAFE_INTEGER ? `≥ ${minimum}` : `${minimum}..${maximum}`
}

/** One line a field; the fields of an object or of a list's objects follow it, with its name in front. */
function linesOf({ properties = {}, required = [] }: Json, prefix = ''): string[] {
  return Object.entries(properties).flatMap(([name, field]) => {
    if (name === 'type' && prefix === '') return []
    const optional = required.includes(name) ? '' : ' (optional)'
    const nested = (field.items as Json | undefined)?.properties === undefined ? field : (field.items as Json)
    const list = nested === field ? '' : '[]'
    const line = `| \`${prefix}${name}\`${optional} | ${kindOf(field)} | ${field.description} |`
    return [line, ...(nested.properties === undefined ? [] : linesOf(nested, `${prefix}${name}${list}.`))]
  })
}

const typeOf = (schema: MessageSchema): string => schema.shape.type.value
const BODIES: Record<string, string> = {
  'chunk': 'the bytes',
  'store-chunk': 'the chunk',
  'update': 'the encoded update, or nothing when `blob` is true',
}

function tableOf(schema: MessageSchema): string {
  const json = z.toJSONSchema(schema) as Json
  const type = typeOf(schema)
  const lines = linesOf(json)
  const table = lines.length === 0 ? [] : ['', '| field | holds | meaning |', '|---|---|---|', ...lines]
  return [`#### \`${type}\``, '', `${json.description} Body: ${BODIES[type] ?? 'none'}.`, ...table].join('\n')
}

function answersTable(): string {
  const lines = Object.entries(REPLY_TO).map(([type, answer]) => `| \`${type}\` | \`${answer}\` |`)
  return ['| message | answer |', '|---|---|', ...lines].join('\n')
}

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')

const inflatedText = (header: Uint8Array) => inflateRawSync(header, { dictionary: HEADER_DICTIONARY }).toString()

function exampleOf(frame: Uint8Array): string {
  const line = (start: number, end: number, what: string) => {
    const parts: string[] = []
    for (let at = start; at < end; at += 8) {
      const bytes = hex(frame.subarray(at, Math.min(at + 8, end))).padEnd(26)
      parts.push(at === start ? `${bytes}${what}` : bytes.trimEnd())
    }
    return parts
  }
  const end = frame.length - 16
  return [
    '```',
    ...line(0, 4, 'magic, "TSRA"'),
    ...line(4, 5, 'frame version 2'),
    ...line(5, 8, 'reserved'),
    ...line(8, 12, `headerLength, ${end - 16}`),
    ...line(12, 16, 'bodyLength, 0'),
    ...line(16, end, `${inflatedText(frame.subarray(16, end))}, deflated`),
    ...line(end, frame.length, 'checksum'),
    '```',
  ].join('\n')
}

function sessionText(): string {
  const lines = sampleSession.flatMap(({ from, note, message, body }) => {
    const { type, ...fields } = message
    const json = JSON.stringify(fields).replace(/"([0-9a-f]{6})[0-9a-f]{58}"/g, '"$1…"')
    const arrow = from === 'worker' ? 'W→C' : 'C→W'
    const tail = body === undefined ? '' : ` + ${body.length} bytes`
    return [`${arrow} ${type}${note === '' ? '' : `   # ${note}`}`, `    ${json}${tail}`]
  })
  return ['```', ...lines, '```'].join('\n')
}

function dictionaryText(): string {
  const hash = createHash('sha256').update(HEADER_DICTIONARY).digest('hex')
  const about = `${HEADER_DICTIONARY.length} bytes with the SHA-256 \`${hash}\`:`
  return [about, '', '```', ...DICTIONARY_LINES, '```'].join('\n')
}

const generated: Record<string, string> = {
  'dictionary': dictionaryText(),
  'example': exampleOf(encodeFrame({ message: { type: 'goodbye' } })),
  'answers': answersTable(),
  'worker messages': WORKER_MESSAGES.map(tableOf).join('\n\n'),
  'coordinator messages': COORDINATOR_MESSAGES.map(tableOf).join('\n\n'),
  'replies': REPLIES.filter((schema) => typeOf(schema) !== 'refusal')
    .map(tableOf)
    .join('\n\n'),
  'session': sessionText(),
}

describe('PROTOCOL.md', () => {
  it('says what the code says', async () => {
    const marked = /<!-- generated: (.*?) -->\n.*?<!-- end -->/gs
    const names = Array.from(document.matchAll(marked), ([, name]) => name)
    expect(names.sort()).toEqual(Object.keys(generated).sort())
    const current = document.replace(
      marked,
      (_, name: string) => `<!-- generated: ${name} -->\n${generated[name]}\n<!-- end -->`,
    )
    await expect(words(current) === words(document) ? document : current).toMatchFileSnapshot(path)
  })

  it('names every limit with its value', () => {
    for (const [name, value] of Object.entries(limits)) expect(words(document)).toContain(`|\`${name}\`|${value}|`)
  })

  it('shows an example that decodes, byte for byte', () => {
    const block = /generated: example -->\n+```\n(.*?)```/s.exec(document)?.[1] ?? ''
    const bytes = block.split('\n').flatMap(
      (line) =>
        line
          .slice(0, 26)
          .trim()
          .match(/^[0-9a-f]{2}( [0-9a-f]{2})*$/)?.[0]
          .split(' ') ?? [],
    )
    const frame = Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16))
    expect(frame.length).toBe(16 + 4 + 16)
    expect(hex(createHash('sha256').update(frame.subarray(0, 20)).digest().subarray(0, 16))).toBe(
      hex(frame.subarray(20)),
    )
    const decoded = decodeFrame(frame)
    expect(decoded.ok && decoded.value.message).toEqual({ type: 'goodbye' })
  })

  it('has in the dictionary of headers every type and every field, as they stand in JSON', () => {
    const words = MESSAGES.flatMap(({ shape }) =>
      Object.keys(shape).map((name) => (name === 'type' ? `{"type":"${shape.type.value}"` : `"${name}":`)),
    )
    expect(words.filter((word) => !DICTIONARY_LINES.join('').includes(word))).toEqual([])
  })
})
