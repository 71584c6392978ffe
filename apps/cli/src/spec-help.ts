import { runSpec } from '@tessera/runs'
import { z } from 'zod'

interface SchemaNode {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly anyOf?: readonly SchemaNode[]
  readonly oneOf?: readonly SchemaNode[]
}

/** Every field of a run specification with its default, read from the schema itself. */
export function specHelp(): string {
  const schema = z.toJSONSchema(runSpec, { io: 'input', unrepresentable: 'any' }) as SchemaNode
  return linesOf('', schema).join('\n')
}

function linesOf(path: string, node: SchemaNode): string[] {
  const variants = (node.anyOf ?? node.oneOf ?? []).filter((variant) => variant.properties !== undefined)
  if (variants.length > 0) return variants.flatMap((variant) => variantLines(path, variant))
  if (node.properties !== undefined) {
    return Object.entries(node.properties).flatMap(([name, child]) =>
      linesOf(path === '' ? name : `${path}.${name}`, child),
    )
  }
  return [lineOf(path, node)]
}

/** The field that tells variants apart is a line of its own, its options are indented below it. */
function variantLines(path: string, variant: SchemaNode): string[] {
  const fields = Object.entries(variant.properties ?? {})
  const heads = fields
    .filter(([, field]) => field.const !== undefined)
    .map(([name, field]) => `  ${path}.${name}=${field.const}`)
  const options = fields.filter(([, field]) => field.const === undefined)
  return [...heads, ...options.flatMap(([name, field]) => linesOf(`${path}.${name}`, field).map((line) => `  ${line}`))]
}

function lineOf(path: string, { type, description, default: preset, enum: choices }: SchemaNode): string {
  const kind = choices === undefined ? (type ?? 'value') : choices.join('|')
  const given = preset === undefined ? kind : `${kind}, default ${JSON.stringify(preset)}`
  return `  ${path} (${given})${description === undefined ? '' : `  ${description}`}`
}
