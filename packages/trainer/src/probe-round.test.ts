import { chainAdapter, layoutOf } from '@tessera/adapters'
import { type Executor, openExecutor } from '@tessera/compiler'
import { fromFloat32, multiply } from '@tessera/math'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fullGradients } from './full-gradient.ts'
import { probeRound } from './probe-round.ts'
import { randomExamples } from './random-examples.ts'
import { randomLlama } from './random-llama.ts'
import { tokenizeExamples } from './tokenize-examples.ts'
import { createTrainingSession } from './training-session.ts'

const model = randomLlama(3)
const sites = model.architecture.sites(model.config)
const examples = tokenizeExamples(randomExamples(24, 1), { tokenizer: model.tokenizer, maxLength: 32 })
let executor: Executor

beforeAll(async () => {
  executor = (await openExecutor('onnx-cpu', { threads: 1 })).executor
})
afterAll(() => executor.dispose())

describe('a probe round', () => {
  it('of W + Y Pᵀ gives −G P, with G the full gradient over the same examples', async () => {
    const gradients = await fullGradients({ executor, model, sites, examples, batchSize: 10 })
    const width = 2
    const frozen: Record<string, Float32Array> = {}
    const layout = layoutOf(
      sites.map((site) => {
        frozen[`${site.name}.P`] = Float32Array.from({ length: width * site.inDim }, (_, at) => Math.cos(at))
        const y = { name: 'Y', rows: site.outDim, cols: width, train: true, exactness: 'linear' } as const
        const p = { name: 'P', rows: width, cols: site.inDim, train: false } as const
        return { site, adapter: chainAdapter({ scale: 1, factors: [y, p] }) }
      }),
    )
    const session = createTrainingSession({ executor, model, layout, frozen })
    // 24 examples in batches of 8 are one epoch of three: every example once, though 9 batches are asked for.
    const probe = await probeRound({ session, examples, batches: 9, batchSize: 8, seed: 1, client: 0 })
    for (const [at, { offset, length }] of layout.segments.entries()) {
      const { name, outDim, inDim } = sites[at]!
      const g = fromFloat32(outDim, inDim, gradients[name]!)
      const pColumns = Float32Array.from({ length: inDim * width }, (_, i) => {
        return frozen[`${name}.P`]![(i % width) * inDim + Math.floor(i / width)]!
      })
      const expected = multiply(g, fromFloat32(inDim, width, pColumns)).data
      const largest = Math.max(...expected.map(Math.abs))
      for (let i = 0; i < length; i++) expect(Math.abs(probe[offset + i]! + expected[i]!)).toBeLessThan(1e-4 * largest)
    }
  })

  it('sees the same batches in every pass: it repeats to the byte', async () => {
    const layout = layoutOf([
      {
        site: sites[0]!,
        adapter: chainAdapter({
          scale: 1,
          factors: [{ name: 'D', rows: 16, cols: 16, train: true, exactness: 'linear' }],
        }),
      },
    ])
    const session = createTrainingSession({ executor, model, layout, frozen: {} })
    const options = { session, examples, batches: 2, batchSize: 4, seed: 1, client: 3 }
    const once = await probeRound(options)
    expect(await probeRound(options)).toEqual(once)
    expect(await probeRound({ ...options, client: 4 })).not.toEqual(once)
  })
})
