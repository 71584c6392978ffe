import type { z } from 'zod'

type Shape = Readonly<Record<string, z.ZodType>>

interface Definition {
  readonly innerType?: z.ZodType
  readonly shape?: Shape
  readonly discriminator?: string
  readonly options?: readonly z.ZodType[]
}

/**
 * The input with every kind filled in that it left out: `{ adapter: { rank: 16 } }` says an option of an adapter and not
 * which method, so it is of the method that an adapter has by default. What the input says is not changed.
 *
 * @param preset What the value is where nothing is given; parts that it leaves out are those of the schema.
 */
export function withDefaultKinds(schema: z.ZodType, input: unknown, preset: unknown): unknown {
  const { innerType, shape, discriminator, options = [] } = schema.def as Definition
  if (innerType !== undefined) return withDefaultKinds(innerType, input, preset)
  if (!isObject(input)) return input
  const defaults = isObject(preset) ? preset : {}
  if (discriminator !== undefined) {
    const chosen = discriminator in defaults ? { [discriminator]: defaults[discriminator], ...input } : input
    const kind = { [discriminator]: chosen[discriminator] }
    const variant = options.find((option) => literalOf(option, discriminator) === kind[discriminator])
    return variant === undefined ? chosen : withDefaultKinds(variant, chosen, {})
  }
  if (shape === undefined) return input
  const parts = Object.entries(input).map(([key, part]) => {
    const inner = Object.hasOwn(shape, key) ? shape[key] : undefined
    return [
      key,
      inner === undefined ? part : withDefaultKinds(inner, part, defaults[key] ?? inner.safeParse(undefined).data),
    ] as const
  })
  return Object.fromEntries(parts)
}

/** The kind that a variant of a union stands for. */
function literalOf(variant: z.ZodType, discriminator: string): unknown {
  const { shape, innerType } = variant.def as Definition
  if (innerType !== undefined) return literalOf(innerType, discriminator)
  return (shape?.[discriminator]?.def as { values?: readonly unknown[] } | undefined)?.values?.[0]
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
