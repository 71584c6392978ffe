import { createHash } from 'node:crypto'
import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Executor, openExecutor } from '@tessera/compiler'
import { archiveOf, createMemoryStore, Engine, type RunArchive, verifyRun, type Workbench } from '@tessera/federation'
import { BASE_MODEL_FILES, type BaseModel, loadBaseModel } from '@tessera/models'
import { createRunRecord, createWorkbench, parseRunSpec } from '@tessera/runs'
import {
  collect,
  createFakeClock,
  createRecordingLog,
  createRecordingObserver,
  createRecordingTransport,
} from '@tessera/testing'
import { blobHash, clientId, FedError, runId, unwrap } from '@tessera/vocabulary'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { localWorkbench } from '../../apps/cli/src/local-workbench.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const MODEL = fileURLToPath(new URL('../../models/tiny-debian-llama', import.meta.url))
const ROWS = fileURLToPath(new URL('../../datasets/debian-sections/train.jsonl', import.meta.url))

let folder: string
let executor: Executor
let model: BaseModel
let fromWeights: RunArchive
let fromGradients: RunArchive

beforeAll(async () => {
  folder = await temporaryFolder('verify-model')
  executor = (await openExecutor('onnx-cpu', { threads: 1 })).executor
  model = unwrap(await loadBaseModel((file) => readFile(join(MODEL, file))))
  await cp(MODEL, join(folder, 'model'), { recursive: true })
  const rows = (await readFile(ROWS, 'utf8')).split('\n').slice(0, 16).join('\n')
  await writeFile(join(folder, 'calibration.jsonl'), rows)
  fromWeights = await begun({ name: 'weights' })
  fromGradients = await begun({ name: 'calibration', file: join(folder, 'calibration.jsonl'), rows: 16 })
})

afterAll(async () => {
  await executor.dispose()
  await rm(folder, { recursive: true, force: true })
})

/** A run whose factors are made at the coordinator, and whose first round waits for its client. */
async function begun(initialisation: object): Promise<RunArchive> {
  const spec = unwrap(
    parseRunSpec({
      model: join(folder, 'model'),
      targets: ['q_proj'],
      adapter: { method: 'lora-xs', rank: 4 },
      data: { format: 'classification', maxLength: 64 },
      train: { batchSize: 8 },
      rounds: { total: 1, cohort: { size: 1, quorum: 1 } },
      initialisation,
    }),
  )
  const files = BASE_MODEL_FILES.map(async (path) => {
    const bytes = await readFile(join(MODEL, path))
    return { path, size: bytes.length, hash: blobHash(createHash('sha256').update(bytes).digest('hex')) }
  })
  const record = createRunRecord({ runId: runId('run'), spec, model, files: await Promise.all(files), createdAt: 0 })
  const store = createMemoryStore()
  const observer = createRecordingObserver()
  const workbench = createWorkbench({
    executor: async () => executor,
    model: async () => model,
    readText: (file) => readFile(file, 'utf8'),
    now: () => 0,
  })
  const ports = {
    clock: createFakeClock(),
    log: createRecordingLog(),
    transport: createRecordingTransport<never, never>(),
  }
  const engine = new Engine({ ...ports, store, observer, workbench })
  await engine.createRun(record)
  await engine.join(clientId('a'), 10)
  const { phase } = await observer.until((state) => ['training', 'paused'].includes(state.phase))
  expect(phase).toBe('training')
  await engine.close()
  return archiveOf(store, record.runId)
}

const checksOf = async (archive: RunArchive, workbench: Workbench) =>
  (await collect(verifyRun(archive, { workbench }))).map((finding) =>
    finding.type === 'result' ? finding.check : finding.type,
  )

/** The check with the model that is found for it. */
async function checked(archive: RunArchive, named?: string): Promise<string[]> {
  const { workbench, close } = localWorkbench(archive.record, named)
  try {
    return await checksOf(archive, workbench)
  } finally {
    await close()
  }
}

describe('factors that come from the base model', () => {
  it('are made again of its weights, bit for bit, where the coordinator has it', async () => {
    expect(await checked(fromWeights)).toEqual(['recomputed', 'end'])
  })

  it('are made again of its gradients, bit for bit on the same machine', async () => {
    expect(await checked(fromGradients)).toEqual(['recomputed', 'end'])
  })

  it('of gradients that come out otherwise are no difference, and of weights they are one', async () => {
    const other = (archive: RunArchive): Workbench => {
      const { makeFactors, evaluate } = localWorkbench(archive.record, undefined).workbench
      return {
        evaluate,
        makeFactors: async (record) => {
          const start = await makeFactors(record)
          for (const values of Object.values(start.factors)) values[0]! += 2 ** -20
          return start
        },
      }
    }
    expect(await checksOf(fromGradients, other(fromGradients))).toEqual(['not recomputed', 'end'])
    expect(await checksOf(fromWeights, other(fromWeights))).toEqual(['difference'])
  })

  it('are not recomputed where the model is not, are with a copy of it that is named, and no other model will do', async () => {
    await rename(join(folder, 'model'), join(folder, 'moved'))
    expect(await checked(fromWeights)).toEqual(['not recomputed', 'end'])
    expect(await checked(fromWeights, join(folder, 'moved'))).toEqual(['recomputed', 'end'])
    expect(await checked(fromWeights, join(folder, 'nowhere')).catch(codeOf)).toBe('file-not-found')
    await writeFile(join(folder, 'moved', 'config.json'), '{}')
    expect(await checked(fromWeights, join(folder, 'moved')).catch(codeOf)).toBe('hash-mismatch')
  })
})

const codeOf = (error: unknown) => (error instanceof FedError ? error.code : error)
