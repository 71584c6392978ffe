import ts from 'typescript'
import { lineOf, type Source, walk } from './source.ts'

/** Globals that make a result depend on more than the arguments: the clock, randomness, the process, timers. */
const IMPURE = new Set([
  'Date',
  'performance',
  'process',
  'console',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'Math.random',
  'crypto.getRandomValues',
  'crypto.randomUUID',
])

/** Uses of Node's modules, the clock, randomness, the process or timers. */
export function impurities({ path, imports, tree }: Source): string[] {
  const modules = imports
    .filter(({ specifier }) => specifier.startsWith('node:'))
    .map(({ specifier, line }) => `${path}:${line} imports ${specifier}`)
  const globals: string[] = []
  const local = declaredNames(tree)
  walk(tree, (node) => {
    const name = globalName(node)
    if (name !== undefined && IMPURE.has(name) && !local.has(name))
      globals.push(`${path}:${lineOf(tree, node)} uses ${name}`)
  })
  return [...modules, ...globals]
}

/** Reads of the environment: `process.env`, or `env` taken from node:process. */
export function environmentReads({ path, tree }: Source): string[] {
  const reads: string[] = []
  walk(tree, (node) => {
    const fromProcess =
      ts.isImportDeclaration(node) && /['"](node:)?process['"]$/.test(node.moduleSpecifier.getText(tree))
    const direct = globalName(node) === 'process.env'
    if (fromProcess || direct) reads.push(`${path}:${lineOf(tree, node)} reads the environment`)
  })
  return reads
}

/**
 * The global that a node refers to: `Date`, or `Math.random` with its object, and both also behind `globalThis.`.
 * The name of a property, of a declaration or of a key is none.
 */
function globalName(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const object = node.expression.getText()
    return object === 'globalThis' ? node.name.text : `${object.replace(/^globalThis\./, '')}.${node.name.text}`
  }
  if (!ts.isIdentifier(node)) return undefined
  const { parent } = node
  const isName = 'name' in parent && parent.name === node
  const isShorthand = ts.isShorthandPropertyAssignment(parent)
  return (isName && !isShorthand) || ts.isQualifiedName(parent) ? undefined : node.text
}

/** Names that the file itself declares or imports: a parameter called `process` is not Node's. */
function declaredNames(tree: ts.SourceFile): Set<string> {
  const names = new Set<string>()
  walk(tree, (node) => {
    const declares =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isImportSpecifier(node) ||
      ts.isImportClause(node)
    if (declares && node.name && ts.isIdentifier(node.name)) names.add(node.name.text)
  })
  return names
}
