import { parseRunSpec, type RunSpec } from '@tessera/runs'
import { unwrap } from '@tessera/vocabulary'
import { randomLlama } from '../../packages/trainer/src/random-llama.ts'

export const model = randomLlama(3)

export type Parts = Readonly<Record<string, unknown>>

/** Three rounds of two clients who train all linear layers, in this subspace and with these other parts. */
export function specOf(subspace: Parts, parts: Parts = {}): RunSpec {
  const { rounds, ...others } = parts as { rounds?: Parts }
  return unwrap(
    parseRunSpec({
      seed: 5,
      data: { format: 'classification', maxLength: 32, template: '{text}: {label}' },
      adapter: { method: 'full' },
      subspace,
      train: {
        localSteps: 4,
        batchSize: 4,
        optimizer: { name: 'sgd', learningRate: 0.5 },
        schedule: { kind: 'constant' },
      },
      rounds: { total: 3, cohort: { size: 2, quorum: 2 }, ...rounds },
      evaluation: { file: 'test', rows: 8 },
      ...others,
    }),
  )
}
