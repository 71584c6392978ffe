import { createHash, randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { RunRecord } from '@tessera/federation'
import { FedError, type RunId, runId } from '@tessera/vocabulary'

/** Short enough to type, long enough to be the only one. */
export function newRunId(name: string): RunId {
  const readable = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
  return runId(`${readable || 'run'}-${randomBytes(4).toString('hex')}`)
}

/** The one run that a submit token stands for, whatever is asked for with it. */
export const runIdOf = (submitToken: string): RunId =>
  runId(`run-${createHash('sha256').update(submitToken).digest('hex').slice(0, 16)}`)

/** @throws {FedError} `conflict`: the token was given for a run of another specification. */
export function requireSameSpec({ runId: id, spec }: RunRecord, asked: RunRecord['spec']): void {
  if (isDeepStrictEqual(asJson(spec), asJson(asked))) return
  throw new FedError('conflict', `this submit token has made run ${id} of another specification`, {
    fix: 'Take a new token for a new run, or ask for the same specification again.',
  })
}

/** As the database keeps it. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
