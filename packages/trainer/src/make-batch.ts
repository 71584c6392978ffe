import { bucketLength, bucketTargets } from './sequence-bucket.ts'
import type { TokenizedExample } from './tokenize-examples.ts'

/** Everything that decides which compiled graph a batch needs. */
export interface BatchShape {
  /** B, sequences. */
  readonly rows: number
  /** T, tokens each row is padded to. */
  readonly length: number
  /** M, predicted tokens of the whole batch, padding included. */
  readonly targets: number
}

/** A batch as flat arrays; only the positions that predict a completion's token go through the output matrix. */
export interface Batch {
  readonly shape: BatchShape
  /** int32 [B, T], padded at the right. */
  readonly tokens: Int32Array
  /** int32 [M]: index into [B · T] of the position that predicts target m. */
  readonly predictors: Int32Array
  /** int32 [M]: the token to predict. */
  readonly targets: Int32Array
  /** float32 [M]: 1 / targetCount, and 0 for padding: the loss is the mean over the batch's completion tokens. */
  readonly weights: Float32Array
  /** Real tokens that go through the model. */
  readonly tokenCount: number
  /** Real completion tokens. */
  readonly targetCount: number
}

/**
 * @param examples At least one; at most `rows`, missing rows are padding.
 * @param rows B.
 * @param padId Fills short rows; no real token looks at it.
 */
export function makeBatch(examples: readonly TokenizedExample[], rows: number, padId: number): Batch {
  // A sequence's last token predicts nothing, so it does not go through the model.
  const tokenCounts = examples.map(({ tokens }) => tokens.length - 1)
  const targetCount = sum(examples.map(({ tokens, completionStart }) => tokens.length - completionStart))
  const length = bucketLength(Math.max(...tokenCounts))
  const size = bucketTargets(targetCount)
  const tokens = new Int32Array(rows * length).fill(padId)
  const predictors = new Int32Array(size)
  const targets = new Int32Array(size)
  let next = 0
  for (const [row, example] of examples.entries()) {
    tokens.set(example.tokens.subarray(0, -1), row * length)
    for (let at = example.completionStart; at < example.tokens.length; at++, next++) {
      predictors[next] = row * length + at - 1
      targets[next] = example.tokens[at]!
    }
  }
  const weights = new Float32Array(size).fill(1 / targetCount, 0, targetCount)
  const shape = { rows, length, targets: size }
  return { shape, tokens, predictors, targets, weights, tokenCount: sum(tokenCounts), targetCount }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
