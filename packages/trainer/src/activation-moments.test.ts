import { readMoments } from '@tessera/adapters'
import { type Executor, openExecutor } from '@tessera/compiler'
import { fromFloat32, identity, multiply } from '@tessera/math'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { activationMoments } from './activation-moments.ts'
import { rowsByLength } from './batches-by-length.ts'
import { randomExamples } from './random-examples.ts'
import { randomLlama } from './random-llama.ts'
import { tokenizeExamples } from './tokenize-examples.ts'

const model = randomLlama(3)
const sites = model.architecture.sites(model.config)
const examples = tokenizeExamples(randomExamples(20, 1), { tokenizer: model.tokenizer, maxLength: 32 })
let executor: Executor

beforeAll(async () => {
  executor = (await openExecutor('onnx-cpu', { threads: 1 })).executor
})
afterAll(() => executor.dispose())

type Options = Partial<Parameters<typeof activationMoments>[0]>
const measure = (options: Options = {}) =>
  activationMoments({
    ...{ executor, model, batches: rowsByLength(examples, 8), batchSize: 8, tokens: 'all' },
    panels: sites.map((site) => ({ site, panel: null })),
    ...options,
  })
const largest = (values: ArrayLike<number>) => Math.max(...Array.from(values, Math.abs))
/** Relative to the largest number of one of the two. */
const difference = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  largest(Array.from(a, (value, at) => value - b[at]!)) / largest(b)

describe('the moments of activations', () => {
  it('along a panel are the products of the whole second moment', async () => {
    const whole = await measure()
    const width = 3
    const panels = sites.map((site) => ({
      site,
      panel: Float32Array.from({ length: width * site.inDim }, (_, at) => Math.cos(at)),
    }))
    const along = await measure({ panels })
    for (const { site, panel } of panels) {
      const p = fromFloat32(site.inDim, width, panel)
      const { product, trace } = readMoments(whole[site.name]!, identity(site.inDim), true)
      const sketch = readMoments(along[site.name]!, p, true)
      expect(difference(sketch.product.data, multiply(product, p).data)).toBeLessThan(1e-4)
      expect(sketch.trace).toBeCloseTo(trace, 4)
      expect(trace).toBeCloseTo(
        product.data.filter((_, at) => at % (site.inDim + 1) === 0).reduce((a, b) => a + b),
        3,
      )
    }
  })

  it('of pooled data are the mean of two parties, weighted by their rows', async () => {
    const part = async (from: number, to: number) => measure({ batches: rowsByLength(examples.slice(from, to), 8) })
    const [one, other, all] = [await part(0, 5), await part(5, 20), await measure()]
    for (const { name } of sites) {
      const mean = one[name]!.map((value, at) => 0.25 * value + 0.75 * other[name]![at]!)
      expect(difference(mean, all[name]!)).toBeLessThan(1e-5)
    }
  })

  it('count every token of a row but its last, or the tokens of completions; padding never', async () => {
    const tokensOf = (moments: Record<string, Float32Array>) => moments[sites[0]!.name]!.at(-1)! * examples.length
    const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)
    const all = sum(examples.map(({ tokens }) => tokens.length - 1))
    const completions = sum(examples.map(({ tokens, completionStart }) => tokens.length - 1 - completionStart))
    expect(tokensOf(await measure())).toBeCloseTo(all, 3)
    expect(tokensOf(await measure({ tokens: 'completion' }))).toBeCloseTo(completions, 3)
    expect(completions).toBeLessThan(all / 2)
  })

  it('do not depend on how rows are batched, so padding adds nothing', async () => {
    const alone = await measure({ batches: rowsByLength(examples, 1), batchSize: 1 })
    const together = await measure({ batches: rowsByLength(examples, 20), batchSize: 24 })
    for (const { name } of sites) expect(difference(together[name]!, alone[name]!)).toBeLessThan(1e-5)
  })

  it('are refused without examples', async () => {
    await expect(measure({ batches: [] })).rejects.toMatchObject({ code: 'empty-data' })
  })
})
