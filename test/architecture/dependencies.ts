import { isBuiltin } from 'node:module'
import { roomOf } from './layers.ts'
import type { Source } from './source.ts'

/** What a room's package.json says, as far as these rules go. */
export interface Manifest {
  readonly room: string
  /** package.json's dependencies, optionalDependencies and peerDependencies. */
  readonly dependencies: readonly string[]
  readonly devDependencies: readonly string[]
}

/**
 * Imports of packages that the room does not declare. A test may also use the room's and the root's devDependencies,
 * and the law suites.
 */
export function undeclaredImports(
  sources: readonly Source[],
  manifests: readonly Manifest[],
  rootDevDependencies: readonly string[],
): string[] {
  return sources.flatMap(({ path, room, isTest, imports }) => {
    const manifest = manifests.find((candidate) => candidate.room === room)
    const allowed = new Set([`@tessera/${room}`, ...(manifest?.dependencies ?? [])])
    const inTests = [...(manifest?.devDependencies ?? []), ...rootDevDependencies, '@tessera/testing']
    if (isTest) for (const name of inTests) allowed.add(name)
    return imports.flatMap(({ specifier, line }) => {
      const name = packageOf(specifier)
      return name === undefined || allowed.has(name) ? [] : [`${path}:${line} ${name} is not in ${room}/package.json`]
    })
  })
}

/** Rooms that a package.json declares as dependencies and that no source of the room imports, tests aside. */
export function unusedRooms(sources: readonly Source[], manifests: readonly Manifest[]): string[] {
  return manifests.flatMap(({ room, dependencies }) => {
    const own = sources.filter((source) => source.room === room && !source.isTest)
    const used = new Set(own.flatMap(({ imports }) => imports.map(({ specifier }) => packageOf(specifier))))
    return dependencies
      .filter((name) => roomOf(name) !== undefined && !used.has(name))
      .map((name) => `${room}/package.json declares ${name}, which its sources do not import`)
  })
}

/** The npm package that a specifier names, or undefined for a relative path or a module of Node. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || isBuiltin(specifier)) return undefined
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}
