import type { Arrays, Executor } from '@tessera/compiler'
import { FORBIDDEN } from '@tessera/models'
import { type Coordinates, FedError } from '@tessera/vocabulary'
import { type AdaptedModel, trainedArrays } from './adapted-model.ts'
import { chunks } from './batch-plan.ts'
import { type Cancellation, throwIfCancelled } from './cancellation.ts'
import { compileByShape } from './compiled-shapes.ts'
import type { LabelTrie } from './label-trie.ts'
import type { EvaluationProgress } from './loss-evaluation.ts'
import { bucketLength } from './sequence-bucket.ts'
import type { TokenizedExample } from './tokenize-examples.ts'
import { type PromptShape, trieProgram } from './trie-step.ts'

export interface ClassificationEvaluatorOptions extends AdaptedModel {
  readonly executor: Executor
  readonly trie: LabelTrie
  /** Prompts in one forward pass; 16 by default. */
  readonly batchSize?: number
}

export interface ClassificationInput {
  readonly examples: readonly TokenizedExample[]
  readonly coordinates: Coordinates
  readonly onProgress?: (progress: EvaluationProgress) => void
  readonly signal?: Cancellation
}

export interface ClassificationResult {
  /** Part of the rows whose own label has the largest log-likelihood of all labels; the first one wins a tie. */
  readonly accuracy: number
  /** −log p of the right labels, summed over the rows, divided by their tokens (ends of text included): nats a token. */
  readonly loss: number
  readonly rows: number
}

/** Ranks labels by the log-likelihood of all their tokens; compiled steps are kept from one evaluation to the next. */
export interface ClassificationEvaluator {
  /** @throws {FedError} `empty-data`; `invalid-data`: a row's label is none of the labels; `cancelled`. */
  evaluate(input: ClassificationInput): Promise<ClassificationResult>
  /** Log-likelihood of every label for every example, [examples][labels]. */
  labelScores(input: ClassificationInput): Promise<Float64Array[]>
  dispose(): Promise<void>
}

export function createClassificationEvaluator(options: ClassificationEvaluatorOptions): ClassificationEvaluator {
  const { executor, trie, layout, batchSize = 16 } = options
  const compiled = compileByShape<PromptShape>(executor, (shape) => trieProgram(options, trie, shape))
  const padId = options.model.tokenizer.padId

  async function labelScores({ examples, coordinates, onProgress, signal }: ClassificationInput) {
    const factors = trainedArrays(layout, coordinates)
    const scores = new Array<Float64Array>(examples.length)
    const order = [...examples.keys()].sort((a, b) => examples[a]!.completionStart - examples[b]!.completionStart)
    let done = 0
    for (const indices of chunks(order, batchSize)) {
      throwIfCancelled(signal)
      const prompts = indices.map((index) => examples[index]!.tokens.subarray(0, examples[index]!.completionStart))
      const shape = { rows: batchSize, length: bucketLength(Math.max(...prompts.map(({ length }) => length))) }
      const step = await compiled.stepFor(shape)
      const outputs = await step.run({ ...promptArrays(prompts, trie, { ...shape, padId }), ...factors })
      for (const [row, index] of indices.entries()) scores[index] = scoresOf(trie, outputs.logLikelihoods!, row)
      done += indices.length
      onProgress?.({ rows: done, of: examples.length })
    }
    return scores
  }

  return {
    labelScores,
    async evaluate(input) {
      const truth = input.examples.map((example) => trueLabel(example, trie))
      if (truth.length === 0) throw new FedError('empty-data', 'no examples to evaluate')
      return summary(trie, truth, await labelScores(input))
    },
    dispose: compiled.dispose,
  }
}

function summary(trie: LabelTrie, truth: readonly number[], scores: readonly Float64Array[]): ClassificationResult {
  let [right, loss, tokens] = [0, 0, 0]
  for (const [row, label] of truth.entries()) {
    const best = scores[row]!.indexOf(Math.max(...scores[row]!))
    if (best === label) right++
    loss -= scores[row]![label]!
    tokens += trie.paths[label]!.length
  }
  return { accuracy: right / truth.length, loss: loss / tokens, rows: truth.length }
}

function trueLabel({ label }: TokenizedExample, { labels }: LabelTrie): number {
  const index = label === null ? -1 : labels.indexOf(label)
  if (index >= 0) return index
  throw new FedError('invalid-data', `label "${label}" is none of the labels to choose from`, {
    details: { label, labels },
    fix: 'Add it to the labels of the data specification.',
  })
}

/** Σ over each label's path, in float64. */
function scoresOf({ nodes, paths }: LabelTrie, logLikelihoods: ArrayLike<number>, row: number): Float64Array {
  const first = row * nodes.length
  return Float64Array.from(paths, (path) => path.reduce((sum, node) => sum + logLikelihoods[first + node]!, 0))
}

/** Inputs of `trieProgram`; rows without a prompt repeat the last one. */
function promptArrays(
  prompts: readonly Int32Array[],
  trie: LabelTrie,
  { rows, length, padId }: PromptShape & { readonly padId: number },
): Arrays {
  const total = length + trie.inner
  const inner = trie.nodes.slice(0, trie.inner)
  const tokens = new Int32Array(rows * total).fill(padId)
  const positions = new Int32Array(rows * total)
  const keyMask = new Float32Array(rows * total)
  const ends = new Int32Array(rows)
  for (let row = 0; row < rows; row++) {
    const prompt = prompts[Math.min(row, prompts.length - 1)]!
    const start = row * total
    tokens.set(prompt, start)
    tokens.set(
      inner.map(({ token }) => token),
      start + length,
    )
    for (let at = 0; at < length; at++) positions[start + at] = at
    for (const [at, { depth }] of inner.entries()) positions[start + length + at] = prompt.length + depth - 1
    keyMask.fill(FORBIDDEN, start + prompt.length, start + length)
    ends[row] = start + prompt.length - 1
  }
  return { tokens, positions, keyMask, ends }
}
