/** What the pages of docs/ that are made from a list of plug-ins have in common. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** A citation by an address that stays, as every first line of a method has it. */
export const CITATION = /\(https:\/\/(arxiv\.org\/abs\/\d{4}\.\d{5}|doi\.org\/10\.\d+\/\S+)\)/

/** What the files of a room's list say first of their plug-in, by its name, line by line: its paper and its formula. */
export function firstParagraphs(room: string, list: string): ReadonlyMap<string, string> {
  const sources = join(import.meta.dirname, '..', 'packages', room, 'src')
  const read = (file: string): string => readFileSync(join(sources, file), 'utf8')
  const files = [...read(list).matchAll(/from '\.\/(.+\.ts)'/g)].map(([, file]) => read(file))
  return new Map(
    files.map((source) => {
      const definition = source.search(/^export const \w+ = define/m)
      const comment = source.slice(0, definition).split('/**').at(-1) ?? ''
      const lines = comment.replace('*/', '').split('\n')
      const paragraph = lines.map((line) => line.replace(/^\s*\*\s?/, '').trim()).join('\n')
      const [, name] = source.slice(definition).match(/^ {2}name: '(.+)'/m) ?? []
      return [name, paragraph.trim().split('\n\n')[0]]
    }),
  )
}

export interface ListedPlugins {
  readonly plugins: readonly { readonly name: string; readonly config: z.ZodObject }[]
  readonly room: string
  /** The file of the list. */
  readonly list: string
  /** Of a section: `##`. */
  readonly heading: string
}

/** A section for each plug-in: what its file says first, and its options. */
export function pluginSections({ plugins, room, list, heading }: ListedPlugins): string[] {
  const texts = firstParagraphs(room, list)
  return plugins.map(({ name, config }) =>
    [`${heading} ${name}`, texts.get(name) ?? '', optionsTable(config)].join('\n\n'),
  )
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

/** A table with its columns in line, as the formatter writes it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(cell))
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => [...row[column]].length)))
  const line = (row: readonly string[]) =>
    `| ${row.map((text, column) => text + ' '.repeat(widths[column] - [...text].length)).join(' | ')} |`
  const [title, ...body] = cells.map(line)
  return [title, line(widths.map((width) => '-'.repeat(width))), ...body].join('\n')
}

interface Option {
  readonly description?: string
  readonly default?: unknown
}

export function optionsTable(config: z.ZodObject): string {
  const { properties = {} } = z.toJSONSchema(config, { io: 'input' })
  const rows = Object.entries(properties).map(([name, option]) => {
    const { description = '', default: preset } = option as Option
    return [`\`${name}\``, preset === undefined ? 'required' : `\`${JSON.stringify(preset)}\``, description]
  })
  return rows.length === 0 ? 'No options.' : table(['option', 'default', 'meaning'], rows)
}
