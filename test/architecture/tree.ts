import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Manifest } from './dependencies.ts'
import { parse, type Source } from './source.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const CODE = /^(?:packages|apps)\/[^/]+\/(?:src|bin)\/.*\.(?:ts|tsx|js)$/
const LEFT_OUT = new Set(['node_modules', 'dist'])

/** The repository as the rules see it. */
export interface Tree {
  /** `packages/math`, `apps/cli`, … */
  readonly rooms: readonly string[]
  /** Every file of every room. */
  readonly paths: readonly string[]
  readonly sources: readonly Source[]
  readonly manifests: readonly Manifest[]
  readonly rootDevDependencies: readonly string[]
}

/** Read and parse all rooms of this repository. */
export function readTree(): Tree {
  const rooms = ['packages', 'apps'].flatMap((kind) =>
    readdirSync(join(ROOT, kind), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && existsSync(join(ROOT, kind, entry.name, 'package.json')))
      .map((entry) => `${kind}/${entry.name}`),
  )
  const paths = rooms.flatMap(filesBelow)
  return {
    rooms,
    paths,
    sources: paths.filter((path) => CODE.test(path)).map((path) => parse({ path, text: readText(path) })),
    manifests: rooms.map(readManifest),
    rootDevDependencies: Object.keys(JSON.parse(readText('package.json')).devDependencies),
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (LEFT_OUT.has(entry.name)) return []
    const path = `${folder}/${entry.name}`
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
}

function readManifest(folder: string): Manifest {
  const manifest = JSON.parse(readText(`${folder}/package.json`))
  const { dependencies, optionalDependencies, peerDependencies, devDependencies } = manifest
  return {
    room: folder.split('/')[1] ?? '',
    dependencies: Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }),
    devDependencies: Object.keys({ ...devDependencies }),
  }
}

function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}
