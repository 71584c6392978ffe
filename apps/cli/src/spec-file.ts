import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseRunSpec, type RunSpec } from '@tessera/runs'
import { FedError, unwrap } from '@tessera/vocabulary'
import { parse } from 'yaml'
import { isObject, setPath } from './set-path.ts'

/** Where a run specification comes from: a file, and what is set beside it. */
export interface SpecSource {
  readonly file: string | undefined
  /** `path=value`, one field each. */
  readonly set?: readonly string[]
  readonly name?: string
  readonly seed?: number
}

/** A specification as a person gives it, not yet parsed. @throws {FedError} `file-not-found`, `invalid-config` */
export async function readSpecFile({ file, set = [], name, seed }: SpecSource): Promise<unknown> {
  let spec: unknown = file === undefined ? {} : parseYaml(file, await readText(file))
  if (name !== undefined) spec = setPath(spec, 'name', name)
  if (seed !== undefined) spec = setPath(spec, 'seed', seed)
  for (const assignment of set) {
    const [path, ...rest] = assignment.split('=')
    if (rest.length === 0) throw new FedError('invalid-config', `--set ${assignment}: write it as path=value`)
    spec = setPath(spec, path, parseYaml('--set', rest.join('=')))
  }
  return spec ?? {}
}

/**
 * A specification as it is asked for here, ready for a coordinator that may run in another folder: paths that a person
 * wrote are paths from here. What was not written, as the default model, is left to the coordinator.
 *
 * @throws {FedError} `invalid-config`
 */
export function parseSpecFromHere(input: unknown): RunSpec {
  return unwrap(parseRunSpec(withAbsolutePaths(input)))
}

/** A copy with the paths of a specification resolved; nothing else is looked at. */
export function withAbsolutePaths(input: unknown): unknown {
  if (!isObject(input)) return input
  const { model, evaluation, initialisation } = input
  return {
    ...input,
    ...(typeof model === 'string' && { model: resolve(model) }),
    ...(isObject(evaluation) && { evaluation: withAbsoluteFile(evaluation) }),
    ...(isObject(initialisation) && { initialisation: withAbsoluteFile(withAbsoluteData(initialisation)) }),
  }
}

/** Initialisations that can take their data from several places say so in a part of its own. */
const withAbsoluteData = (part: Record<string, unknown>): Record<string, unknown> =>
  isObject(part.data) ? { ...part, data: withAbsoluteFile(part.data) } : part

const withAbsoluteFile = (part: Record<string, unknown>): Record<string, unknown> =>
  typeof part.file === 'string' ? { ...part, file: resolve(part.file) } : part

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new FedError('file-not-found', `the run specification ${file} can not be read`, { cause })
  })
}

function parseYaml(name: string, text: string): unknown {
  try {
    return parse(text)
  } catch (cause) {
    throw new FedError('invalid-config', `${name} is not YAML: ${(cause as Error).message}`, { cause })
  }
}
