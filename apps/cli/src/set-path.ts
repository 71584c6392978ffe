import { FedError } from '@tessera/vocabulary'

/** A copy of a plain object tree with one value set; `a.b.c` makes the objects on its way. */
export function setPath(tree: unknown, path: string, value: unknown): unknown {
  const [first, ...rest] = path.split('.')
  if (first === '') throw new FedError('invalid-config', `"${path}" is not a path`, { fix: 'Write it as a.b.c.' })
  const here = isObject(tree) ? tree : {}
  return { ...here, [first]: rest.length === 0 ? value : setPath(here[first], rest.join('.'), value) }
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
