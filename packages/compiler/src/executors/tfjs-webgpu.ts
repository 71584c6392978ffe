import * as tf from '@tensorflow/tfjs'
import { FedError } from '@tessera/vocabulary'
import type { ExecutorKind } from '../program.ts'
import { eagerExecutor, startBackend } from './eager.ts'
import { messageOf } from './onnx-runtime.ts'
import { webgpuAdapter } from './webgpu-adapter.ts'

const FIX = 'Update the graphics driver, or use another device.'

/** tfjs on WebGPU: a browser's GPU, or Dawn's in Node. */
export const tfjsWebgpu: ExecutorKind = {
  name: 'tfjs-webgpu',
  summary: 'not compiled, on any GPU through WebGPU',
  preference: 50,
  open: async ({ hardwareOnly = false }) => {
    const { name } = await webgpuAdapter('tfjs-webgpu', hardwareOnly)
    // The package registers its backend when it is imported, if there is a `navigator.gpu` by then.
    await import('@tensorflow/tfjs-backend-webgpu').catch((cause: unknown) => {
      throw new FedError('device-missing', `tfjs-webgpu: ${messageOf(cause)}`, { cause, fix: FIX })
    })
    await startBackend('tfjs-webgpu', 'webgpu', FIX)
    return eagerExecutor({
      name: 'tfjs-webgpu',
      description: `TensorFlow.js ${tf.version.tfjs}, WebGPU on ${name}`,
      backend: 'webgpu',
    })
  },
}
