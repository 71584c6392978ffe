import { FedError } from '@tessera/vocabulary'
import { messageOf } from './onnx-runtime.ts'

export interface WebGpuAdapter {
  /** Vendor, architecture and name, as far as the driver tells. */
  readonly name: string
  requestDevice(): Promise<GPUDevice>
}

const FIX =
  'Install a Vulkan driver (Debian: libvulkan1 with mesa-vulkan-drivers, or the NVIDIA driver); without a GPU, ' +
  'libvulkan1 and chromium, with VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json, emulate one.'

/** Names of Vulkan drivers that compute on the CPU. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|microsoft basic render/i

/** Dawn's root object: it must outlive its adapters. */
let gpu: GPU | undefined

/**
 * The best WebGPU adapter: the browser's, or Dawn's (npm `webgpu`) in Node.
 * @param hardwareOnly Refuse adapters that compute on the CPU.
 * @throws {FedError} `device-missing`
 */
export async function webgpuAdapter(device: string, hardwareOnly: boolean): Promise<WebGpuAdapter> {
  const missing = (why: string, cause?: unknown) =>
    new FedError('device-missing', `${device}: ${why}`, { cause, fix: FIX })
  if (hardwareOnly && !(await mayHaveGpu())) throw missing('there is no GPU device on this machine')
  try {
    gpu ??= await rootObject()
  } catch (cause) {
    throw missing(`WebGPU does not load: ${messageOf(cause)}`, cause)
  }
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  if (!adapter) throw missing('no WebGPU adapter was found')
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info
  const name = [vendor, architecture, description].filter((part) => part !== '').join(' ')
  if (hardwareOnly && (isFallbackAdapter || SOFTWARE.test(name))) {
    throw missing(`the only WebGPU adapter computes on the CPU (${name})`)
  }
  return { name, requestDevice: () => adapter.requestDevice() }
}

const hasGpu = (): boolean => typeof navigator !== 'undefined' && 'gpu' in navigator && Boolean(navigator.gpu)

/** Dawn takes the place of the browser's `navigator.gpu`, where libraries look for it. */
async function rootObject(): Promise<GPU> {
  if (hasGpu()) return navigator.gpu
  const { create, globals } = await import('webgpu')
  const dawn = create([])
  Object.assign(globalThis, globals)
  if (typeof navigator === 'undefined') Object.assign(globalThis, { navigator: { gpu: dawn } })
  else Object.defineProperty(navigator, 'gpu', { value: dawn, configurable: true })
  return dawn
}

/** On Linux a GPU shows as a device file; asking first spares a machine without one the driver's warnings. */
async function mayHaveGpu(): Promise<boolean> {
  if (hasGpu() || typeof process === 'undefined' || process.platform !== 'linux') return true
  const { existsSync } = await import('node:fs')
  return ['/dev/dri', '/dev/nvidia0', '/dev/dxg', '/dev/kfd'].some((path) => existsSync(path))
}
