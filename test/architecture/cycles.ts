import { resolveRelative, type Source } from './source.ts'

/**
 * Circular imports between files, of types as well as of values, inside and across rooms: `a → b → a`. One cycle is
 * reported for each edge that closes one in a depth-first walk.
 */
export function importCycles(sources: readonly Source[]): string[] {
  const graph = new Map(sources.map((source) => [source.path, targetsOf(source)]))
  const cycles: string[] = []
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' → '))
    if (start >= 0 || done.has(path)) return
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) visit(path, [])
  return cycles
}

function targetsOf({ path, imports }: Source): string[] {
  return [...new Set(imports.flatMap(({ specifier }) => fileOf(path, specifier) ?? []))]
}

/** The file that a specifier means, if it is one of a room: each room's one entry is src/index.ts. */
function fileOf(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return resolveRelative(from, specifier)
  const [, room, rest] = /^@tessera\/([^/]+)(\/.*)?$/.exec(specifier) ?? []
  if (room === undefined) return undefined
  const kind = ['coordinator', 'worker', 'dashboard', 'cli'].includes(room) ? 'apps' : 'packages'
  return `${kind}/${room}/src${rest === undefined ? '/index.ts' : `${rest}.ts`}`
}
