import { readFile } from 'node:fs/promises'
import { type BaseModel, loadBaseModel } from '@tessera/models'
import { parseRunSpec, type RunSpec } from '@tessera/runs'
import { unwrap } from '@tessera/vocabulary'

const root = new URL('../../', import.meta.url)

export const bundledModel = async (): Promise<BaseModel> =>
  unwrap(
    await loadBaseModel(async (file) =>
      readFile(new URL(`models/tiny-debian-llama/${file}`, root)).catch(() => undefined),
    ),
  )

export const bundledRows = async (part: 'train' | 'test'): Promise<string> =>
  readFile(new URL(`datasets/debian-sections/${part}.jsonl`, root), 'utf8')

type Part = Readonly<Record<string, unknown>>

export interface BundledPlan {
  readonly seed: number
  readonly clients: number
  readonly rounds: number
  /** Optimizer steps of a client in a round. */
  readonly steps: number
  readonly optimizer: Part
  /** Test rows that accuracy is measured on, every so many rounds and after the last. */
  readonly testRows: number
  readonly every: number
}

/** The demo's run, with a benchmark's plan and its own parts in their places. */
export function bundledSpec({ seed, clients, rounds, steps, ...plan }: BundledPlan, parts: Part): RunSpec {
  return unwrap(
    parseRunSpec({
      seed,
      data: { format: 'classification', template: '{text}\nSection: {label}', maxLength: 128 },
      train: { localSteps: steps, batchSize: 16, optimizer: plan.optimizer },
      rounds: { total: rounds, cohort: { size: clients, quorum: clients } },
      evaluation: { file: 'test', rows: plan.testRows, every: plan.every },
      ...parts,
    }),
  )
}
