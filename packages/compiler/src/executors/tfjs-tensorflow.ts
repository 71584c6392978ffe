import * as tf from '@tensorflow/tfjs'
import { FedError } from '@tessera/vocabulary'
import type { ExecutorKind } from '../program.ts'
import { eagerExecutor, startBackend } from './eager.ts'
import { messageOf } from './onnx-runtime.ts'

const FIX =
  'npm rebuild @tensorflow/tfjs-node-gpu --ignore-scripts=false (it downloads libtensorflow; the GPU build wants CUDA 11 and cuDNN 8)'

/** Both register the backend "tensorflow"; the first that loads serves. They are optional and may be absent. */
const PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']

/** tfjs on libtensorflow: an NVIDIA GPU or the CPU. */
export const tfjsTensorflow: ExecutorKind = {
  name: 'tfjs-tensorflow',
  summary: 'not compiled, on libtensorflow (GPU or CPU)',
  preference: 40,
  open: async () => {
    const loaded = await firstThatLoads()
    await startBackend('tfjs-tensorflow', 'tensorflow', FIX)
    return eagerExecutor({
      name: 'tfjs-tensorflow',
      description: `TensorFlow.js ${tf.version.tfjs}, libtensorflow through ${loaded}`,
      backend: 'tensorflow',
    })
  },
}

async function firstThatLoads(): Promise<string> {
  const reasons: string[] = []
  for (const name of PACKAGES) {
    try {
      await import(name)
      return name
    } catch (cause) {
      reasons.push(`${name}: ${whyNot(cause)}`)
    }
  }
  throw new FedError('device-missing', `tfjs-tensorflow: libtensorflow does not load (${reasons.join('; ')})`, {
    fix: FIX,
  })
}

/** The usual reasons in words; their original messages are long and full of paths. */
function whyNot(cause: unknown): string {
  const message = messageOf(cause)
  if (/native addon module/.test(message)) return 'its native library is not installed'
  return /Cannot find (package|module)/.test(message) ? 'not installed' : message.split('\n')[0]!
}
