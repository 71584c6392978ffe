import { FedError } from '@tessera/vocabulary'
import { messageOf } from '../executors/onnx-runtime.ts'
import { webgpuAdapter } from '../executors/webgpu-adapter.ts'
import { createWebgpuBasis, type WebgpuBasis } from './webgpu-basis.ts'

export interface OpenedWebgpuBasis extends WebgpuBasis {
  /** The adapter, as far as the driver tells. */
  readonly description: string
  /** Gives the device back. */
  dispose(): void
}

/**
 * Random bases on the best WebGPU adapter: a browser's, or Dawn's in Node.
 *
 * @param options `hardwareOnly` refuses adapters that compute on the CPU.
 * @throws {FedError} `device-missing`: there is no adapter, or it gives no device.
 */
export async function openWebgpuBasis({ hardwareOnly = false } = {}): Promise<OpenedWebgpuBasis> {
  const adapter = await webgpuAdapter('webgpu', hardwareOnly)
  const device = await adapter.requestDevice().catch((cause: unknown) => {
    throw new FedError('device-missing', `webgpu: ${adapter.name} gives no device: ${messageOf(cause)}`, { cause })
  })
  return { ...createWebgpuBasis(device), description: `WebGPU on ${adapter.name}`, dispose: () => device.destroy() }
}
