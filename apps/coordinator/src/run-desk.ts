import { readFile } from 'node:fs/promises'
import type { Engine } from '@tessera/federation'
import { createRunRecord, parseRunSpec } from '@tessera/runs'
import { readExamples } from '@tessera/trainer'
import { FedError, type RunId, unwrap } from '@tessera/vocabulary'
import type { RunActions, SubmittedRun } from './http/run-actions.ts'
import type { ModelShelf } from './model-shelf.ts'
import { hasEnded } from './run-ended.ts'
import { newRunId, requireSameSpec, runIdOf } from './run-submission.ts'

export interface RunDeskParts {
  readonly engine: Engine
  readonly shelf: ModelShelf
  /** Told of a run that is gone. */
  readonly removed: (id: RunId) => void
}

/** What people ask of runs: make one, steer one, take its adapter away. */
export function createRunDesk({ engine, shelf, removed }: RunDeskParts): RunActions {
  const steer = async (id: RunId, event: Parameters<Engine['steer']>[1]): Promise<void> => {
    unwrap(await engine.steer(id, event))
  }
  const create = async (input: unknown, submitToken: string | undefined): Promise<SubmittedRun> => {
    const given = unwrap(parseRunSpec(input))
    const { model, files, folder } = await shelf.load(given.model)
    const spec = { ...given, model: folder } // the same folder when the coordinator is started elsewhere
    const id = submitToken === undefined ? newRunId(spec.name) : runIdOf(submitToken)
    const existing = engine.run(id)
    if (existing !== null) {
      requireSameSpec(existing.record, spec)
      return { id, made: false }
    }
    const record = createRunRecord({ runId: id, spec, model, files, createdAt: Date.now() })
    if (spec.evaluation !== null) unwrap(readExamples(await readDataFile(spec.evaluation.file), spec.data))
    await engine.createRun(record)
    return { id, made: true }
  }
  let before: Promise<unknown> = Promise.resolve()
  return {
    /** With a token one after the other: who asks twice at once finds the run of the first time. */
    createRun(input, { submitToken }) {
      if (submitToken === undefined) return create(input, submitToken)
      const submitted = before.then(() => create(input, submitToken))
      before = submitted.catch(() => {})
      return submitted
    },
    pause: (id) => steer(id, { type: 'paused', cause: 'asked', reason: 'paused by hand' }),
    resume: (id) => steer(id, { type: 'resumed' }),
    abort: (id) => steer(id, { type: 'aborted', reason: 'aborted by hand' }),
    async remove(id, { force }) {
      const phase = engine.run(id)?.state.phase
      if (phase !== undefined && !hasEnded(phase) && !force) {
        throw new FedError('illegal-event', `run ${id} is ${phase}: it has not ended`, {
          fix: `End it first with: tessera runs abort ${id} (or remove it as it is, with --force).`,
        })
      }
      unwrap(await engine.remove(id))
      removed(id)
    },
    async record(id) {
      const run = engine.run(id)
      if (run === null) throw new FedError('unknown-run', `there is no run ${id}`)
      const { factors, coordinates, baseChange, round, phase } = run.state
      return { ...run.record, factors, coordinates, ...(baseChange && { baseChange }), round, phase }
    },
  }
}

/** @throws {FedError} `file-not-found` */
export async function readDataFile(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new FedError('file-not-found', `the data file ${file} can not be read`, {
      cause,
      fix: 'Paths in a run specification are paths at the coordinator.',
    })
  })
}
