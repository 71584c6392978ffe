import * as tf from '@tensorflow/tfjs'
import type { ExecutorKind } from '../program.ts'
import { eagerExecutor, startBackend } from './eager.ts'

/** tfjs in plain JavaScript: slow, everywhere, and the oracle of the compiler's tests. */
export const tfjsCpu: ExecutorKind = {
  name: 'tfjs-cpu',
  summary: 'not compiled, in plain JavaScript (very slow)',
  preference: 70,
  open: async () => {
    await startBackend('tfjs-cpu', 'cpu', 'npm install @tensorflow/tfjs')
    return eagerExecutor({
      name: 'tfjs-cpu',
      description: `TensorFlow.js ${tf.version.tfjs}, plain JavaScript`,
      backend: 'cpu',
    })
  },
}
