import type { z } from 'zod'

interface Definition {
  readonly innerType?: z.ZodType
  readonly shape?: Readonly<Record<string, z.ZodType>>
  readonly discriminator?: string
}

/**
 * The input with every kind filled in that it left out: `{ adapter: { rank: 16 } }` says an option of an adapter and not
 * which method, so it is of the method that an adapter has by default. What the input says is not changed.
 *
 * @param preset The value of the schema where nothing is given.
 */
export function withDefaultKinds(schema: z.ZodType, input: unknown, preset: unknown): unknown {
  const { innerType, shape, discriminator } = schema.def as Definition
  if (innerType !== undefined) return withDefaultKinds(innerType, input, preset)
  if (!isObject(input) || !isObject(preset)) return input
  if (discriminator !== undefined) return { [discriminator]: preset[discriminator], ...input }
  if (shape === undefined) return input
  const parts = Object.entries(input).map(([key, part]) => {
    const inner = Object.hasOwn(shape, key) ? shape[key] : undefined
    return [key, inner === undefined ? part : withDefaultKinds(inner, part, preset[key])] as const
  })
  return Object.fromEntries(parts)
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
