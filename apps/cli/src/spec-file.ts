import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { RunSpec } from '@tessera/runs'
import { FedError } from '@tessera/vocabulary'
import { parse } from 'yaml'
import { setPath } from './set-path.ts'

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

/** The coordinator may run in another folder. */
export function withAbsolutePaths({ model, evaluation, initialisation, ...spec }: RunSpec): RunSpec {
  return {
    ...spec,
    model: resolve(model),
    evaluation: evaluation === null ? null : withAbsoluteFile(evaluation),
    initialisation: withAbsoluteFile(withAbsoluteData(initialisation)),
  }
}

/** Initialisations that can take their data from several places say so in a part of its own. */
const withAbsoluteData = <Part extends object>(part: Part): Part =>
  'data' in part && typeof part.data === 'object' && part.data !== null
    ? { ...part, data: withAbsoluteFile(part.data) }
    : part

const withAbsoluteFile = <Part extends object>(part: Part): Part =>
  'file' in part && typeof part.file === 'string' ? { ...part, file: resolve(part.file) } : part

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
