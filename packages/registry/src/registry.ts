import { type ErrorCode, err, FedError, ok, type Result } from '@tessera/vocabulary'
import { z } from 'zod'

/** What every plug-in has: a name people type, and the schema of its options. */
export interface Plugin {
  readonly name: string
  readonly config: z.ZodObject
}

/** A plug-in's name under the registry's key, beside its options, e.g. `{ method: 'lora-sb', rank: 32 }`. */
export type Selection<Key extends string> = { readonly [K in Key]: string } & Readonly<Record<string, unknown>>

export interface Registry<P extends Plugin, Key extends string> {
  readonly names: readonly string[]
  readonly plugins: readonly P[]
  /** The plug-in of that name; the error lists the known ones. */
  byName(name: string): Result<P, FedError>
  /** The discriminated union of all plug-ins' options; unknown names and unknown options are refused. */
  readonly selection: z.ZodType<Selection<Key>>
  /** The same, or `none`, which no plug-in is called. */
  readonly selectionOrNone: z.ZodType<Selection<Key>>
}

export interface RegistryNames<Key extends string> {
  /** What a person calls one of them, for messages: 'adapter method'. */
  readonly noun: string
  /** The discriminating key of a selection: 'method'. */
  readonly key: Key
  readonly unknownCode: ErrorCode
}

/**
 * Everything that is known about a room's plug-ins, derived from its one list.
 *
 * @param plugins The module namespace of the list file: `import * as list from './methods.ts'`.
 * @example createRegistry({ noun: 'codec', key: 'codec', unknownCode: 'unknown-codec' }, list).names // ['float16', 'float32']
 */
export function createRegistry<P extends Plugin, Key extends string>(
  { noun, key, unknownCode }: RegistryNames<Key>,
  plugins: Readonly<Record<string, P>>,
): Registry<P, Key> {
  const byName = new Map(Object.values(plugins).map((plugin) => [plugin.name, plugin]))
  const names = [...byName.keys()].sort()
  const options = [...byName.values()].map(({ name, config }) =>
    z.strictObject(
      { [key]: z.literal(name), ...config.shape },
      {
        error: (issue) =>
          issue.code === 'unrecognized_keys' ? hasNot(`${noun} ${name}`, config, issue.keys) : undefined,
      },
    ),
  )
  const union = (kinds: readonly z.ZodObject[], known: readonly string[]): z.ZodType<Selection<Key>> =>
    z.discriminatedUnion(key, kinds as never, {
      error: ({ code, input }) => (code === 'invalid_union' ? unknown(noun, (input as Named)[key], known) : undefined),
    }) as unknown as z.ZodType<Selection<Key>>
  return {
    names,
    plugins: names.map((name) => byName.get(name)!),
    byName(name) {
      const plugin = byName.get(name)
      if (plugin !== undefined) return ok(plugin)
      return err(
        new FedError(unknownCode, `unknown ${noun} "${name}"`, {
          details: { name, known: names },
          fix: `Use one of: ${names.join(', ')}.`,
        }),
      )
    },
    selection: union(options, names),
    selectionOrNone: union([z.strictObject({ [key]: z.literal(NONE) }), ...options], [NONE, ...names]),
  }
}

const NONE = 'none'

type Named = Readonly<Record<string, unknown>>

const unknown = (noun: string, name: unknown, known: readonly string[]): string =>
  `unknown ${noun} ${JSON.stringify(name)}: use one of ${known.join(', ')}`

/** The sentence for options that a plug-in does not have. */
function hasNot(what: string, { shape }: z.ZodObject, keys: readonly string[]): string {
  const own = Object.keys(shape)
  return `${what} has no option ${keys.join(', ')}: it has ${own.length === 0 ? 'none' : own.join(', ')}`
}
