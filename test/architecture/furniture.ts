import ts from 'typescript'
import { LAYERS } from './layers.ts'
import type { Source } from './source.ts'

const MEANINGLESS = new Set(['utils', 'helpers', 'common', 'types', 'constants', 'manager', 'base'])

/** Files whose name says nothing about what is in them. */
export function meaninglessNames(paths: readonly string[]): string[] {
  return paths.filter((path) => MEANINGLESS.has(/([^/.]+)[^/]*$/.exec(path)?.[1] ?? ''))
}

/**
 * Rooms that the direction table does not know, and rooms without a README or with nothing in them. A package's entry
 * exports something; an app needs no entry, because nothing has to import it.
 */
export function unfurnishedRooms(
  rooms: readonly string[],
  paths: readonly string[],
  sources: readonly Source[],
): string[] {
  return rooms.flatMap((folder) => {
    const room = folder.split('/')[1] ?? ''
    const own = sources.filter(({ path, isTest }) => path.startsWith(`${folder}/src/`) && !isTest)
    const entry = own.find(({ path }) => path === `${folder}/src/index.ts`)
    const faults = [
      LAYERS[room] === undefined && 'lacks a layer in the direction table',
      !paths.includes(`${folder}/README.md`) && 'lacks a README.md',
      ...(folder.startsWith('apps/') ? appFaults(own, entry) : packageFaults(entry)),
    ]
    return faults.filter((fault) => fault !== false).map((fault) => `${folder} ${fault}`)
  })
}

function appFaults(own: readonly Source[], entry: Source | undefined): (string | false)[] {
  if (own.every(isEmpty)) return ['lacks a source that does something']
  return [entry !== undefined && isEmpty(entry) && 'has an empty src/index.ts']
}

function packageFaults(entry: Source | undefined): (string | false)[] {
  return [!(entry && exportsSomething(entry)) && 'lacks a src/index.ts that exports something']
}

/** A file of nothing but `export {}`. */
function isEmpty({ tree }: Source): boolean {
  return tree.statements.every((statement) => ts.isExportDeclaration(statement) && !reexportsSomething(statement))
}

function exportsSomething({ tree }: Source): boolean {
  return tree.statements.some((statement) => {
    if (ts.isExportDeclaration(statement)) return reexportsSomething(statement)
    const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined
    return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false
  })
}

function reexportsSomething({ exportClause }: ts.ExportDeclaration): boolean {
  return exportClause === undefined || !ts.isNamedExports(exportClause) || exportClause.elements.length > 0
}
