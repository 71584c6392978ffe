import { momentsLength } from '@tessera/adapters'
import type { Arrays, Executor } from '@tessera/compiler'
import type { BaseModel } from '@tessera/models'
import { FedError } from '@tessera/vocabulary'
import { type Cancellation, throwIfCancelled } from './cancellation.ts'
import { compileByShape } from './compiled-shapes.ts'
import { makeBatch } from './make-batch.ts'
import { type MomentPanel, type MomentShape, momentsProgram, panelInput } from './moments-step.ts'
import type { TokenizedExample } from './tokenize-examples.ts'

export interface ActivationMomentsOptions {
  readonly executor: Executor
  readonly model: BaseModel
  readonly panels: readonly MomentPanel[]
  /** The rows of each batch, at most `batchSize` of them. */
  readonly batches: readonly (readonly TokenizedExample[])[]
  readonly batchSize: number
  /** `completion`: only tokens of completions count, as in EVA; the last one of a row never goes through the model. */
  readonly tokens: 'completion' | 'all'
  readonly onProgress?: (progress: { readonly step: number; readonly steps: number }) => void
  readonly signal?: Cancellation
}

/**
 * The moments of the inputs of every layer at the base model, divided by the number of rows: see `readMoments` in the
 * adapters room. Float32 within a batch, summed in float64 over batches, rounded to float32 once.
 *
 * @returns By site name, `momentsLength(inDim, width)` numbers.
 * @throws {FedError} `empty-data`; `not-finite`; `cancelled`.
 */
export async function activationMoments(options: ActivationMomentsOptions): Promise<Record<string, Float32Array>> {
  const { executor, model, panels, batches, batchSize, tokens, onProgress, signal } = options
  const rows = batches.reduce((sum, batch) => sum + batch.length, 0)
  if (rows === 0) throw new FedError('empty-data', 'no examples to take activations of')
  const compiled = compileByShape<MomentShape>(executor, (shape) => momentsProgram(model, panels, shape))
  const directions = panelArrays(panels)
  const sums = Object.fromEntries(panels.map((own) => [own.site.name, new Float64Array(lengthOf(own))]))
  try {
    for (const [at, examples] of batches.entries()) {
      throwIfCancelled(signal)
      const { shape, tokens: ids } = makeBatch(examples, batchSize, model.tokenizer.padId)
      const step = await compiled.stepFor({ rows: shape.rows, length: shape.length })
      const counted = countedTokens(examples, shape, tokens)
      addInto(sums, await step.run({ tokens: ids, counted, ...directions }))
      onProgress?.({ step: at + 1, steps: batches.length })
    }
  } finally {
    await compiled.dispose()
  }
  const means = Object.entries(sums).map(([site, sum]) => [site, Float32Array.from(sum, (value) => value / rows)])
  return Object.fromEntries(means)
}

const lengthOf = ({ site: { inDim }, panel }: MomentPanel): number =>
  momentsLength(inDim, panel === null ? inDim : panel.length / inDim)

function panelArrays(panels: readonly MomentPanel[]): Arrays {
  const given = panels.flatMap(({ site, panel }) => (panel === null ? [] : [[panelInput(site.name), panel] as const]))
  return Object.fromEntries(given)
}

/** 1 for each position [B · T] whose token counts, 0 for the others and for padding. */
function countedTokens(
  examples: readonly TokenizedExample[],
  { rows, length }: MomentShape,
  which: ActivationMomentsOptions['tokens'],
): Float32Array {
  const counted = new Float32Array(rows * length)
  for (const [row, { tokens, completionStart }] of examples.entries()) {
    const from = which === 'completion' ? completionStart : 0
    counted.fill(1, row * length + from, row * length + tokens.length - 1)
  }
  return counted
}

function addInto(sums: Readonly<Record<string, Float64Array>>, moments: Arrays): void {
  for (const [site, sum] of Object.entries(sums)) {
    const values = moments[site]!
    for (let at = 0; at < sum.length; at++) sum[at]! += values[at]!
    if (!Number.isFinite(sum.at(-2))) throw new FedError('not-finite', `the inputs of layer ${site} are not finite`)
  }
}
