import { type Executor, openExecutor } from '@tessera/compiler'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClassificationEvaluator } from './classification-evaluator.ts'
import { classificationSet } from './classification-set.ts'
import { type ClassificationSpec, dataSpec } from './data-spec.ts'
import type { Example } from './example.ts'
import { evaluateLoss } from './loss-evaluation.ts'
import { makeBatch } from './make-batch.ts'
import { randomExamples } from './random-examples.ts'
import { randomAdapter, randomLlama } from './random-llama.ts'
import { tokenizeExamples } from './tokenize-examples.ts'
import { createTrainingSession } from './training-session.ts'

const model = randomLlama(3)
const { layout, frozen, coordinates } = randomAdapter(model, 4)
const spec = dataSpec.parse({
  format: 'classification',
  template: '{text}: {label}',
  maxLength: 48,
}) as ClassificationSpec
const rows: Example[] = randomExamples(11, 2)
// One prompt in another bucket of lengths than the others.
rows.push({ ...rows[0]!, prompt: { ...rows[0]!.prompt, body: 'k'.repeat(38) } })
const { trie, examples } = classificationSet(rows, spec, model.tokenizer)
let executor: Executor

beforeAll(async () => {
  executor = (await openExecutor('onnx-cpu', { threads: 1 })).executor
})
afterAll(() => executor.dispose())

const evaluator = (batchSize: number) =>
  createClassificationEvaluator({ executor, model, layout, frozen, trie, batchSize })

/** log p of each label as a completion of its own, one whole sequence a label. */
async function naiveScores(): Promise<number[][]> {
  const session = createTrainingSession({ executor, model, layout, frozen })
  const scoreOf = async (row: Example, label: string): Promise<number> => {
    const [example] = tokenizeExamples([{ ...row, completion: ` ${label}` }], {
      tokenizer: model.tokenizer,
      maxLength: 60,
    })
    const batch = makeBatch([example!], 1, 1)
    return -batch.targetCount * (await session.loss(batch, coordinates))
  }
  return Promise.all(rows.map((row) => Promise.all(trie.labels.map((label) => scoreOf(row, label)))))
}

describe('classification by ranking labels', () => {
  it('gives every label the likelihood it has as a sequence of its own, though labels share beginnings', async () => {
    expect(trie.labels).toEqual(['ab', 'abc', 'ad', 'x'])
    const scores = await evaluator(5).labelScores({ examples, coordinates })
    const naive = await naiveScores()
    for (const [row, expected] of naive.entries()) {
      for (const [label, score] of expected.entries()) expect(scores[row]![label]).toBeCloseTo(score, 4)
    }
  })

  it('counts the rows whose own label ranks first, and the loss of the right labels a token', async () => {
    const naive = await naiveScores()
    const truth = rows.map(({ label }) => trie.labels.indexOf(label!))
    const right = naive.filter((scores, row) => Math.max(...scores) === scores[truth[row]!]).length
    const loss = -naive.reduce((sum, scores, row) => sum + scores[truth[row]!]!, 0)
    const tokens = rows.reduce((sum, { completion }) => sum + completion.length + 1, 0)
    const progress: number[] = []
    const result = await evaluator(4).evaluate({ examples, coordinates, onProgress: ({ rows }) => progress.push(rows) })
    expect(result).toEqual({ accuracy: right / rows.length, loss: expect.closeTo(loss / tokens, 5), rows: 12 })
    expect(progress).toEqual([4, 8, 12])
  })

  it('has the loss that the evaluation of completions has', async () => {
    const session = createTrainingSession({ executor, model, layout, frozen })
    const { loss } = await evaluateLoss({ session, examples, coordinates, batchSize: 5 })
    expect((await evaluator(3).evaluate({ examples, coordinates })).loss).toBeCloseTo(loss, 5)
  })

  it('refuses a row whose label is not among the labels', async () => {
    const stranger = { ...examples[0]!, label: 'zzz' }
    await expect(evaluator(2).evaluate({ examples: [stranger], coordinates })).rejects.toMatchObject({
      code: 'invalid-data',
      message: 'label "zzz" is none of the labels to choose from',
    })
  })

  it('cuts prompts alike whatever the right label is: the longest label always fits', () => {
    const long = { ...rows[0]!, prompt: { ...rows[0]!.prompt, body: 'k'.repeat(99) } }
    const set = classificationSet([long, { ...long, label: 'abc', completion: ' abc' }], spec, model.tokenizer)
    expect(set.examples.map(({ completionStart }) => completionStart)).toEqual([48 - 5, 48 - 5])
  })
})
