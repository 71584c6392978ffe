import { FedError } from '@tessera/vocabulary'
import type { ExecutorKind } from '../program.ts'
import { eagerExecutor, startBackend } from './eager.ts'
import { messageOf } from './onnx-runtime.ts'

const FIX = 'npm install @tensorflow/tfjs-backend-wasm'

/** tfjs on WebAssembly with SIMD. */
export const tfjsWasm: ExecutorKind = {
  name: 'tfjs-wasm',
  summary: 'not compiled, on the CPU through WebAssembly',
  preference: 60,
  open: async () => {
    const wasm = await import('@tensorflow/tfjs-backend-wasm').catch((cause: unknown) => {
      throw new FedError('device-missing', `tfjs-wasm: ${messageOf(cause)}`, { cause, fix: FIX })
    })
    await startBackend('tfjs-wasm', 'wasm', FIX)
    return eagerExecutor({
      name: 'tfjs-wasm',
      description: `TensorFlow.js ${wasm.version_wasm}, WebAssembly`,
      backend: 'wasm',
    })
  },
}
