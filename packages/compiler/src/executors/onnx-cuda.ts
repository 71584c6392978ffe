import { FedError } from '@tessera/vocabulary'
import { onnxExecutor } from '../onnx-session.ts'
import type { ExecutorKind } from '../program.ts'
import { loadOnnxRuntime, messageOf, probeProvider, versionOf } from './onnx-runtime.ts'

const FIX = 'npm rebuild onnxruntime-node --ignore-scripts=false, on a machine with CUDA 12 and cuDNN 9'

/** ONNX Runtime's CUDA provider: NVIDIA GPUs. */
export const onnxCuda: ExecutorKind = {
  name: 'onnx-cuda',
  summary: 'compiled, on an NVIDIA GPU through CUDA',
  preference: 10,
  open: async () => {
    const runtime = await loadOnnxRuntime('onnx-cuda')
    if (!(await providerIsInstalled())) {
      throw new FedError('device-missing', "onnx-cuda: ONNX Runtime's CUDA provider is not installed", { fix: FIX })
    }
    try {
      await probeProvider(runtime, 'cuda')
    } catch (cause) {
      throw new FedError('device-missing', `onnx-cuda: a test product failed: ${messageOf(cause)}`, { cause, fix: FIX })
    }
    return onnxExecutor({
      name: 'onnx-cuda',
      description: `ONNX Runtime ${versionOf(runtime)}, CUDA`,
      runtime,
      target: { fusedMatmul: true, gatherRows: false, rotary: false },
      constants: 'resident',
      session: { executionProviders: ['cuda'], graphOptimizationLevel: 'all', logSeverityLevel: 3 },
    })
  },
}

/** The provider is a library beside the binding; asking for it when it is absent prints errors. */
async function providerIsInstalled(): Promise<boolean> {
  const [{ createRequire }, { existsSync }, { dirname, join }] = await Promise.all([
    import('node:module'),
    import('node:fs'),
    import('node:path'),
  ])
  const root = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'))
  const file = process.platform === 'win32' ? 'onnxruntime_providers_cuda.dll' : 'libonnxruntime_providers_cuda.so'
  return existsSync(join(root, 'bin', 'napi-v6', process.platform, process.arch, file))
}
