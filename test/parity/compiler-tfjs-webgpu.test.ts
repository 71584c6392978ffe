import { type Executor, openExecutor } from '@tessera/compiler'
import { expectClose, transformerBlock, transformerBlockInputs } from '@tessera/testing'
import { afterAll, beforeAll, it } from 'vitest'
import { emulateMissingGpu, needsVulkan } from './software-vulkan.ts'

/** What is not compiled, on WebGPU as tfjs drives it, beside the compiled graph on the CPU. */
let webgpu: Executor
let cpu: Executor

beforeAll(async () => {
  emulateMissingGpu()
  webgpu = (await openExecutor('tfjs-webgpu').catch(needsVulkan)).executor
  cpu = (await openExecutor('onnx-cpu', { threads: 1 })).executor
})
afterAll(async () => {
  await webgpu?.dispose()
  await cpu?.dispose()
})

it('tfjs on WebGPU has the loss and all gradients of a transformer block, as the compiled CPU step has them', async () => {
  const [onGpu, onCpu] = [await webgpu.prepare(transformerBlock()), await cpu.prepare(transformerBlock())]
  expectClose(await onGpu.run(transformerBlockInputs()), await onCpu.run(transformerBlockInputs()))
})
