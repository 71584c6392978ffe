import { runSpec } from '@tessera/runs'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { walk } from './source.ts'
import { readTree } from './tree.ts'

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
}

const SPEC = z.toJSONSchema(runSpec, { io: 'input' }) as Schema
const PARTS = Object.entries(SPEC.properties ?? {}).flatMap(([name, schema]) => (isPart(schema) ? [name] : []))
const FIELD = new RegExp(String.raw`\b(?:${PARTS.join('|')})(?:\.[a-zA-Z]+)+`, 'g')

/** Whether there is anything below it: `model.safetensors` is a file, for a model is a name. */
function isPart({ properties, anyOf, oneOf }: Schema): boolean {
  return properties !== undefined || [...(anyOf ?? []), ...(oneOf ?? [])].some(isPart)
}

/** Whether the path leads to a field in one of the kinds of what lies on its way. */
function leads({ properties = {}, anyOf = [], oneOf = [] }: Schema, [head, ...rest]: readonly string[]): boolean {
  if (head === undefined) return true
  const inner = Object.hasOwn(properties, head) ? properties[head] : undefined
  return (
    (inner !== undefined && leads(inner, rest)) || [...anyOf, ...oneOf].some((kind) => leads(kind, [head, ...rest]))
  )
}

/** The text of all `fix: …` in a file, the values in it left out. */
function fixesOf(tree: ts.SourceFile): string[] {
  const texts: string[] = []
  walk(tree, (node) => {
    if (!ts.isPropertyAssignment(node) || node.name.getText(tree) !== 'fix') return
    walk(node.initializer, (part) => {
      if (ts.isStringLiteralLike(part) || ts.isTemplateHead(part) || ts.isTemplateMiddleOrTemplateTail(part)) {
        texts.push(part.text)
      }
    })
  })
  return texts
}

const named = readTree().sources.flatMap(({ path, tree, isTest }) =>
  isTest ? [] : fixesOf(tree).flatMap((text) => (text.match(FIELD) ?? []).map((field) => ({ path, field }))),
)

describe('fields of a run that a fix names', () => {
  it('are found in the sources', () => {
    expect(named.map(({ field }) => field)).toContain('adapter.rank')
  })

  it.each(named)('$field of $path is one', ({ field }) => {
    expect(leads(SPEC, field.split('.'))).toBe(true)
  })
})
