import { type AdapterLayout, chainAdapter, layoutOf } from '@tessera/adapters'
import type { Executor } from '@tessera/compiler'
import type { BaseModel } from '@tessera/models'
import { FedError, type Site } from '@tessera/vocabulary'
import { batchesByLength } from './batches-by-length.ts'
import { type MeanGradientOptions, meanGradient } from './mean-gradient.ts'
import type { TokenizedExample } from './tokenize-examples.ts'
import { createTrainingSession } from './training-session.ts'

export interface FullGradientOptions extends Pick<MeanGradientOptions, 'onProgress' | 'signal'> {
  readonly executor: Executor
  readonly model: BaseModel
  readonly sites: readonly Site[]
  readonly examples: readonly TokenizedExample[]
  readonly batchSize: number
}

/**
 * ∂loss/∂W, [outDim, inDim], of every site at the base model, for the mean loss over all completion tokens of the
 * examples: the gradient of an adapter whose one factor is a whole weight change that is zero.
 *
 * @returns By site name.
 * @throws {FedError} `empty-data`; `not-finite`; `cancelled`.
 */
export async function fullGradients(options: FullGradientOptions): Promise<Record<string, Float32Array>> {
  const { executor, model, sites, examples, batchSize, onProgress, signal } = options
  if (examples.length === 0) throw new FedError('empty-data', 'no examples to take a gradient of')
  const layout = layoutOf(sites.map(weightChange))
  const session = createTrainingSession({ executor, model, layout, frozen: {} })
  try {
    const batches = batchesByLength(examples, batchSize, session.padId)
    const coordinates = new Float32Array(layout.length)
    const reports = { ...(onProgress && { onProgress }), ...(signal && { signal }) }
    const flat = await meanGradient({ session, batches, coordinates, ...reports })
    return Object.fromEntries(
      layout.segments.map(({ site, offset, length }) => [site, flat.slice(offset, offset + length)]),
    )
  } finally {
    await session.dispose()
  }
}

const weightChange = (site: Site): AdapterLayout['sites'][number] => ({
  site,
  adapter: chainAdapter({
    scale: 1,
    factors: [{ name: 'D', rows: site.outDim, cols: site.inDim, train: true, exactness: 'linear' }],
  }),
})
