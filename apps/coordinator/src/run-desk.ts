import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Engine } from '@tessera/federation'
import { createRunRecord, parseRunSpec } from '@tessera/runs'
import { readExamples } from '@tessera/trainer'
import { FedError, type RunId, runId, unwrap } from '@tessera/vocabulary'
import type { RunActions } from './http/run-actions.ts'
import type { ModelShelf } from './model-shelf.ts'
import { hasEnded } from './run-ended.ts'

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
  return {
    async createRun(input) {
      const given = unwrap(parseRunSpec(input))
      const { model, files, folder } = await shelf.load(given.model)
      const spec = { ...given, model: folder } // the same folder when the coordinator is started elsewhere
      const record = createRunRecord({ runId: newRunId(spec.name), spec, model, files, createdAt: Date.now() })
      if (spec.evaluation !== null) unwrap(readExamples(await readDataFile(spec.evaluation.file), spec.data))
      await engine.createRun(record)
      return record.runId
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

/** Short enough to type, long enough to be the only one. */
function newRunId(name: string): RunId {
  const readable = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
  return runId(`${readable || 'run'}-${randomBytes(4).toString('hex')}`)
}
