import type { Site } from '@tessera/vocabulary'
import type { BaseModel } from './base-model.ts'

/**
 * The weights of a base model that belong to no linear layer, as sites in the checkpoint's order: the embedding and an
 * own head, [vocabulary, width], and norms, [1, width]. A tied head is the embedding.
 */
export function otherWeights(model: Pick<BaseModel, 'architecture' | 'config' | 'parameters'>): readonly Site[] {
  const linear = new Set(model.architecture.sites(model.config).map(({ name }) => name))
  return Object.entries(model.parameters).flatMap(([parameter, { shape, data }]): Site[] => {
    const name = parameter.replace(/\.weight$/, '')
    const inDim = shape.at(-1) ?? 1
    return linear.has(name) ? [] : [{ name, outDim: data.length / inDim, inDim }]
  })
}
