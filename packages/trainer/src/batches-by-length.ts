import { chunks } from './batch-plan.ts'
import { type Batch, makeBatch } from './make-batch.ts'
import type { TokenizedExample } from './tokenize-examples.ts'

/** Every example once, short ones first, in pieces of one size; the last one may be smaller. */
export function rowsByLength(examples: readonly TokenizedExample[], batchSize: number): TokenizedExample[][] {
  return chunks(
    examples.toSorted((a, b) => a.tokens.length - b.tokens.length),
    batchSize,
  )
}

/** The same as batches; the last one may have rows of padding. */
export function batchesByLength(examples: readonly TokenizedExample[], batchSize: number, padId: number): Batch[] {
  return rowsByLength(examples, batchSize).map((rows) => makeBatch(rows, batchSize, padId))
}
