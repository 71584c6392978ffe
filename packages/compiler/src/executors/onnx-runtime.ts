import { FedError } from '@tessera/vocabulary'
import type * as ort from 'onnxruntime-node'
import { inputName, outputName, writeOnnx } from '../onnx-writer.ts'
import { input, matmul } from '../ops.ts'

export type OnnxRuntime = typeof ort

/**
 * ONNX Runtime's Node binding.
 * @throws {FedError} `device-missing` when the package does not load here.
 */
export async function loadOnnxRuntime(device: string): Promise<OnnxRuntime> {
  try {
    return await import('onnxruntime-node')
  } catch (cause) {
    throw new FedError('device-missing', `${device}: ONNX Runtime does not load: ${messageOf(cause)}`, {
      cause,
      fix: 'npm install onnxruntime-node (Linux x64 or arm64 with glibc, macOS or Windows)',
    })
  }
}

/**
 * Proves that an execution provider computes here: one small matrix product, with the fallback to the CPU forbidden,
 * because ONNX Runtime otherwise runs on the CPU without a word.
 */
export async function probeProvider(runtime: OnnxRuntime, provider: string): Promise<void> {
  const [a, b] = [input('a', [2, 3], 'float32'), input('b', [3, 2], 'float32')]
  const { bytes } = writeOnnx({ inputs: [a, b], outputs: { y: matmul(a, b) } })
  const session = await runtime.InferenceSession.create(bytes, {
    executionProviders: [provider],
    logSeverityLevel: 4,
    extra: { session: { disable_cpu_ep_fallback: '1' } },
  })
  try {
    const ones = Float32Array.of(1, 1, 1, 1, 1, 1)
    const feeds = {
      [inputName('a')]: new runtime.Tensor('float32', ones, [2, 3]),
      [inputName('b')]: new runtime.Tensor('float32', ones, [3, 2]),
    }
    const result = (await session.run(feeds))[outputName('y')]!.data[0]
    if (result !== 3) throw new Error(`1·1 + 1·1 + 1·1 gave ${result}`)
  } finally {
    await session.release()
  }
}

export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))

export const versionOf = (runtime: OnnxRuntime): string => runtime.env.versions.node ?? runtime.env.versions.common
