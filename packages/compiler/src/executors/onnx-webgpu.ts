import { FedError } from '@tessera/vocabulary'
import { onnxExecutor } from '../onnx-session.ts'
import type { ExecutorKind } from '../program.ts'
import { loadOnnxRuntime, messageOf, probeProvider, versionOf } from './onnx-runtime.ts'
import { webgpuAdapter } from './webgpu-adapter.ts'

/** ONNX Runtime's WebGPU provider: any GPU with a Vulkan, Metal or Direct3D 12 driver. */
export const onnxWebgpu: ExecutorKind = {
  name: 'onnx-webgpu',
  summary: 'compiled, on any GPU through WebGPU',
  preference: 20,
  open: async ({ hardwareOnly = false }) => {
    const adapter = await webgpuAdapter('onnx-webgpu', hardwareOnly)
    const runtime = await loadOnnxRuntime('onnx-webgpu')
    try {
      await probeProvider(runtime, 'webgpu')
    } catch (cause) {
      throw new FedError('device-missing', `onnx-webgpu: a test product failed: ${messageOf(cause)}`, {
        cause,
        fix: `Update the graphics driver of ${adapter.name}, or use the device onnx-cpu.`,
      })
    }
    return onnxExecutor({
      name: 'onnx-webgpu',
      description: `ONNX Runtime ${versionOf(runtime)}, WebGPU on ${adapter.name}`,
      runtime,
      target: { fusedMatmul: false, gatherRows: false, rotary: false },
      constants: 'resident',
      session: { executionProviders: ['webgpu'], graphOptimizationLevel: 'all', logSeverityLevel: 3 },
    })
  },
}
