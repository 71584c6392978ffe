import type { Source } from './source.ts'

/** The direction table: a room imports only rooms of layers below its own, with the exceptions written out here. */
export const LAYERS: Readonly<Record<string, number>> = {
  vocabulary: 0,
  math: 0,
  registry: 0,
  adapters: 1,
  codecs: 1,
  subspaces: 1,
  aggregators: 1,
  privacy: 1,
  protocol: 1,
  compiler: 2,
  models: 2,
  trainer: 3,
  federation: 3,
  runs: 3,
  testing: 3,
  coordinator: 4,
  worker: 4,
  dashboard: 4,
  cli: 4,
}

/**
 * Rooms that may import some of their own layer: every room speaks the vocabulary, `runs` is where training and
 * federation meet, and the command starts the services.
 */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  math: ['vocabulary'],
  registry: ['vocabulary'],
  runs: ['trainer', 'federation'],
  testing: ['trainer', 'federation', 'runs'],
  cli: ['coordinator', 'worker'],
}

/** Rooms that may import fewer than the layers below: a page knows what is on the wire and nothing else. */
const ONLY: Readonly<Record<string, readonly string[]>> = { dashboard: ['vocabulary', 'protocol'] }

/** Whether the source of room `from` may import room `to`. */
export function mayImport(from: string, to: string): boolean {
  if (from === to || BESIDE[from]?.includes(to)) return true
  if (to === 'testing') return false
  const only = ONLY[from]
  if (only) return only.includes(to)
  return (LAYERS[to] ?? Number.POSITIVE_INFINITY) < (LAYERS[from] ?? Number.NEGATIVE_INFINITY)
}

/** Imports that the table does not allow. Tests follow it too, and may also import the law suites of `testing`. */
export function directionViolations(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, room, isTest, imports }) =>
    imports.flatMap(({ specifier, line }) => {
      const to = roomOf(specifier)
      if (to === undefined || mayImport(room, to) || (isTest && to === 'testing')) return []
      return [`${path}:${line} ${room} may not import ${to}`]
    }),
  )
}

/** Relative imports that leave their room: rooms meet only through their names. */
export function escapes(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, imports }) => {
    const depth = path.split('/').length - 3
    return imports
      .filter(({ specifier }) => (specifier.match(/\.\.\//g)?.length ?? 0) > depth)
      .map(({ specifier, line }) => `${path}:${line} ${specifier} leaves the room`)
  })
}

/** The room that a specifier names: `@tessera/math` is `math`. */
export function roomOf(specifier: string): string | undefined {
  return /^@tessera\/([^/]+)/.exec(specifier)?.[1]
}
