import type { AdapterMethod } from '@tessera/adapters'
import { z } from 'zod'

type Options = Readonly<Record<string, unknown>>

/** The numbers that a method trains with these options; null where the layers can not carry them. */
export type CountOf = (options: Options) => number | null

/** Far above the dimensions of the bundled model. */
const LARGEST = 4096

/**
 * The options of a method with which it trains as nearly `target` numbers as it can: its rank is searched, or, where
 * the rank does not change the count, the next option that does. A scale alpha / rank stays what it is by default.
 * Methods without such an option keep their defaults.
 */
export function equalCountOptions(method: Pick<AdapterMethod, 'config'>, target: number, countOf: CountOf): Options {
  const defaults = method.config.parse({}) as Options
  const preset = countOf(defaults)
  for (const [name, values] of sizes(method.config)) {
    const withValue = (value: number): Options => resized(defaults, name, value)
    const value = nearest(values, target, (candidate) => countOf(withValue(candidate)))
    if (value === null) continue
    const chosen = withValue(value)
    if (value === defaults[name] || countOf(chosen) !== preset) return chosen
  }
  return defaults
}

/**
 * The value whose count is nearest to `target`, the smaller one of two; null where none is possible. All values are
 * asked: the count of RandLoRA falls, by jumps, where the rank grows.
 */
export function nearest(
  values: Iterable<number>,
  target: number,
  countOf: (value: number) => number | null,
): number | null {
  let best: { readonly value: number; readonly distance: number } | null = null
  for (const value of values) {
    const count = countOf(value)
    if (count === null) continue
    const distance = Math.abs(count - target)
    if (best === null || distance < best.distance) best = { value, distance }
  }
  return best?.value ?? null
}

function resized(defaults: Options, name: string, value: number): Options {
  const { rank, alpha } = defaults
  const scaled = name === 'rank' && typeof alpha === 'number' && { alpha: (alpha * value) / Number(rank) }
  return { ...defaults, [name]: value, ...scaled }
}

/** The options that a size can be: whole numbers, and parts of one in steps of 1/10,000. */
function sizes(config: z.ZodObject): [string, Iterable<number>][] {
  const { properties = {} } = z.toJSONSchema(config, { io: 'input' })
  return Object.entries(properties).flatMap(([name, schema]): [string, Iterable<number>][] => {
    const { type, maximum } = schema as { type?: string; maximum?: number }
    if (type === 'integer') return [[name, upTo(LARGEST, 1)]]
    return type === 'number' && maximum === 1 ? [[name, upTo(10_000, 10_000)]] : []
  })
}

function* upTo(last: number, parts: number): Iterable<number> {
  for (let value = 1; value <= last; value++) yield value / parts
}
