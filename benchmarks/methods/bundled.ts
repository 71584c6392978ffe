import { readFile } from 'node:fs/promises'
import { type BaseModel, loadBaseModel } from '@tessera/models'
import { parseRunSpec, type RunSpec } from '@tessera/runs'
import { unwrap } from '@tessera/vocabulary'
import type { BenchCase } from './bench-case.ts'

const root = new URL('../../', import.meta.url)

export const bundledModel = async (): Promise<BaseModel> =>
  unwrap(
    await loadBaseModel(async (file) =>
      readFile(new URL(`models/tiny-debian-llama/${file}`, root)).catch(() => undefined),
    ),
  )

export const bundledRows = async (part: 'train' | 'test'): Promise<string> =>
  readFile(new URL(`datasets/debian-sections/${part}.jsonl`, root), 'utf8')

/** The run of a case: the demo's, with the case's parts in their places. */
export function specOf({ adapter, initialisation, aggregator, clients, ...plan }: BenchCase): RunSpec {
  return unwrap(
    parseRunSpec({
      seed: plan.seed,
      data: { format: 'classification', template: '{text}\nSection: {label}', maxLength: 128 },
      adapter,
      initialisation,
      aggregator: { rule: aggregator },
      train: { localSteps: plan.steps, batchSize: 16, optimizer: { name: 'adamw', learningRate: plan.rate } },
      rounds: { total: plan.rounds, cohort: { size: clients, quorum: clients } },
      evaluation: { file: 'test', rows: plan.testRows, every: plan.rounds },
    }),
  )
}
