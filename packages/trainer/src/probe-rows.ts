import { FedError } from '@tessera/vocabulary'
import { planBatches } from './batch-plan.ts'
import type { TokenizedExample } from './tokenize-examples.ts'

/** The part of a client's data that every pass of a federated initialisation sees. */
export interface ProbeRows {
  readonly examples: readonly TokenizedExample[]
  /** Batches of a pass; never more than one epoch of the client's examples. */
  readonly batches: number
  readonly batchSize: number
  readonly seed: number | bigint
  readonly client: number
}

/**
 * The rows of each batch, the same in every pass, so that what a later pass projects is what an earlier one sketched.
 *
 * @throws {FedError} `empty-data`
 */
export function probeRows({ examples, batches, batchSize, seed, client }: ProbeRows): TokenizedExample[][] {
  if (examples.length === 0) throw new FedError('empty-data', 'a client without examples has nothing to measure')
  const lengths = examples.map(({ tokens }) => tokens.length)
  const plan = planBatches({ lengths, batchSize, seed, purpose: 'probe', client })
  return Array.from({ length: Math.min(batches, plan.batchesPerEpoch) }, (_, step) =>
    plan.batchAt(step).map((index) => examples[index]!),
  )
}
