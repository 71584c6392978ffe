import { FedError } from '@tessera/vocabulary'
import { planBatches } from './batch-plan.ts'
import { type Batch, makeBatch } from './make-batch.ts'
import type { TokenizedExample } from './tokenize-examples.ts'
import { firstStep, type TrainSpec } from './train-spec.ts'
import type { TrainingSession } from './training-session.ts'

export interface RoundBatchesOptions {
  readonly session: Pick<TrainingSession, 'padId'>
  readonly examples: readonly TokenizedExample[]
  readonly train: Pick<TrainSpec, 'batchSize' | 'localSteps'>
  readonly seed: number | bigint
  readonly client: number
  readonly round: number
}

/**
 * The batches of a client's round by step, from 0: they go on where the round before ended.
 *
 * @throws {FedError} `empty-data`
 */
export function roundBatches(options: RoundBatchesOptions): (step: number) => Batch {
  const { session, examples, train, seed, client, round } = options
  if (examples.length === 0) throw new FedError('empty-data', 'a client without examples can not train')
  const lengths = examples.map(({ tokens }) => tokens.length)
  const plan = planBatches({ lengths, batchSize: train.batchSize, seed, purpose: 'batches', client })
  const first = firstStep(train.localSteps, round)
  return (step) => {
    const rows = plan.batchAt(first + step).map((index) => examples[index]!)
    return makeBatch(rows, train.batchSize, session.padId)
  }
}
