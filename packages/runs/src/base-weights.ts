import type { BaseModel } from '@tessera/models'
import type { Site } from '@tessera/vocabulary'

/** The base weights of a model's layers, [outDim, inDim], views. */
export const baseWeights =
  ({ parameters }: Pick<BaseModel, 'parameters'>) =>
  ({ name }: Site): Float32Array =>
    parameters[`${name}.weight`].data
