import * as tf from '@tensorflow/tfjs'
import type { Linear } from './architecture.ts'

/** The base model's own layer: x Wᵀ, with x [N, inDim] and W [outDim, inDim]. */
export const plainLinear: Linear = (_site, x, weight) => tf.matMul(x, weight, false, true)
