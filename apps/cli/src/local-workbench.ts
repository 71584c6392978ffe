import { readFile } from 'node:fs/promises'
import { type Executor, openExecutor } from '@tessera/compiler'
import type { RunRecord, Workbench } from '@tessera/federation'
import { createWorkbench, type RunSpec } from '@tessera/runs'
import { FedError } from '@tessera/vocabulary'
import { readBaseModel } from './base-model-folder.ts'
import { missingFile } from './run-model.ts'

export interface LocalWorkbench {
  readonly workbench: Workbench
  close(): Promise<void>
}

/**
 * What makes a run's factors again where they come from its base model: that model on this machine, in the folder that
 * is named, else in the one where the coordinator has it. Where a file is not here it refuses with `not-verified`; a
 * folder that was named must hold the model (`hash-mismatch`, `file-not-found`).
 */
export function localWorkbench(record: RunRecord, named: string | undefined): LocalWorkbench {
  const folder = named ?? (record.spec as RunSpec).model
  let opened: Promise<Executor> | null = null
  const workbench = createWorkbench({
    executor: () => {
      // One thread, as the coordinator has: the order of a sum is part of its result.
      opened ??= openExecutor('onnx-cpu', { threads: 1 }).then(({ executor }) => executor)
      return opened
    },
    model: async () => {
      const missing = await missingFile(folder, record.model)
      if (missing !== null) throw named === undefined ? notHere(folder, missing) : missing
      return readBaseModel(folder)
    },
    readText: (path) =>
      readFile(path, 'utf8').catch((cause: unknown) => {
        throw notHere(path, cause)
      }),
    now: Date.now,
  })
  return { workbench, close: async () => (await opened)?.dispose() }
}

const notHere = (path: string, cause: unknown): FedError =>
  new FedError('not-verified', `${path} is not here`, { cause })
