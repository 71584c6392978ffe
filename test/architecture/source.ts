import { posix } from 'node:path'
import ts from 'typescript'

/** A file's place, relative to the root with forward slashes, and its text. */
export interface SourceText {
  readonly path: string
  readonly text: string
}

/** One `import`, `export … from` or `import()`, by the line it stands in. */
export interface Import {
  readonly specifier: string
  readonly line: number
}

/** A parsed file of a room. */
export interface Source {
  readonly path: string
  /** The folder under packages/ or apps/ that the file belongs to. */
  readonly room: string
  readonly isTest: boolean
  readonly imports: readonly Import[]
  readonly tree: ts.SourceFile
}

/** Parse one file of packages/<room>/ or apps/<room>/. */
export function parse({ path, text }: SourceText): Source {
  const kind = path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, kind)
  const room = path.split('/')[1] ?? ''
  return { path, room, isTest: /\.test\.tsx?$/.test(path), imports: importsOf(tree), tree }
}

/** The line a node begins in, counted from 1. */
export function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1
}

/** Call `see` with every node of a tree, parents before children. */
export function walk(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node)
  ts.forEachChild(node, (child) => walk(child, see))
}

/** A specifier without its query, so that `./page.css?inline` is `./page.css`. */
export function resolveRelative(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier.replace(/\?.*$/, ''))
}

function importsOf(tree: ts.SourceFile): Import[] {
  const imports: Import[] = []
  walk(tree, (node) => {
    const specifier = specifierOf(node)
    if (specifier && ts.isStringLiteralLike(specifier)) {
      imports.push({ specifier: specifier.text, line: lineOf(tree, node) })
    }
  })
  return imports
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return node.argument.literal
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) return node.arguments[0]
  return undefined
}
