import * as tf from '@tensorflow/tfjs'
import { type Executor, openExecutor, type StepProgram } from '@tessera/compiler'
import { expectClose, transformerBlock, transformerBlockInputs } from '@tessera/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { emulateMissingGpu, needsVulkan } from './software-vulkan.ts'

/** The same graphs on ONNX Runtime's WebGPU provider; a machine without a GPU emulates one. */
let webgpu: Executor
let cpu: Executor

beforeAll(async () => {
  emulateMissingGpu()
  const opened = await openExecutor('onnx-webgpu').catch(needsVulkan)
  webgpu = opened.executor
  cpu = (await openExecutor('onnx-cpu', { threads: 1 })).executor
})
afterAll(async () => {
  await webgpu?.dispose()
  await cpu?.dispose()
})

describe('the WebGPU provider', () => {
  it('says on which adapter it runs', () => {
    expect(webgpu.description).toMatch(/^ONNX Runtime .*, WebGPU on \w+/)
  })

  it('has the loss and all gradients of a transformer block, as the CPU provider has them', async () => {
    const [onGpu, onCpu] = [await webgpu.prepare(transformerBlock()), await cpu.prepare(transformerBlock())]
    expectClose(await onGpu.run(transformerBlockInputs()), await onCpu.run(transformerBlockInputs()))
  })

  it('keeps constants on the device, and two steps with other constants apart', async () => {
    const of = (scale: number): StepProgram => ({
      inputs: { x: { shape: [2, 2], dtype: 'float32' } },
      constants: { w: { shape: [2, 2], dtype: 'float32', data: Float32Array.of(scale, 0, 0, scale) } },
      step: ({ x, w }) => ({ y: tf.matMul(x!, w!, false, true) }),
    })
    const [one, ten] = [await webgpu.prepare(of(1)), await webgpu.prepare(of(10))]
    const x = Float32Array.of(1, 2, 3, 4)
    expect(Array.from((await one.run({ x })).y!)).toEqual([1, 2, 3, 4])
    expect(Array.from((await ten.run({ x })).y!)).toEqual([10, 20, 30, 40])
  })

  it('scales and transposes batched products, which it has no fused operator for', async () => {
    const program: StepProgram = {
      inputs: { a: { shape: [2, 3, 4], dtype: 'float32' }, b: { shape: [2, 5, 4], dtype: 'float32' } },
      constants: {},
      step: ({ a, b }) => ({ y: tf.mul(tf.matMul(a!, b!, false, true), 0.5) }),
    }
    const inputs = { a: Float32Array.from({ length: 24 }, Math.sin), b: Float32Array.from({ length: 40 }, Math.cos) }
    const [onGpu, onCpu] = [await webgpu.prepare(program), await cpu.prepare(program)]
    expectClose(await onGpu.run(inputs), await onCpu.run(inputs))
  })

  it('is not taken for a GPU by `auto` when it computes on the CPU', async () => {
    const emulated = /swiftshader|llvmpipe/i.test(webgpu.description)
    const { executor, reason } = await openExecutor('auto', { threads: 1 })
    expect(executor.name === 'onnx-webgpu', reason).toBe(!emulated && executor.name !== 'onnx-cuda')
    await executor.dispose()
  })
})
