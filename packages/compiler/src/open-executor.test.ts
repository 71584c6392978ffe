import * as tf from '@tensorflow/tfjs'
import { describe, expect, it } from 'vitest'
import { deviceNames, executors, openExecutor } from './index.ts'

const doubled = { inputs: { x: { shape: [2], dtype: 'float32' as const } }, constants: {} }
const step = ({ x }: Readonly<Record<string, tf.Tensor>>) => ({ y: tf.mul(x!, 2) })

describe('the executors', () => {
  it('are named in one list: auto and tfjs choose, the others are the registry', () => {
    const kinds = Object.values(executors).map(({ name }) => name)
    expect(
      deviceNames()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['auto', 'tfjs', ...kinds].sort())
  })

  it.each(['auto', 'onnx-cpu', 'tfjs', 'tfjs-wasm', 'tfjs-cpu'])('%s doubles 1 and 3', async (device) => {
    const { executor, reason } = await openExecutor(device, { threads: 1 })
    expect(reason).toContain(executor.name)
    const compiled = await executor.prepare({ ...doubled, step })
    expect(Array.from((await compiled.run({ x: Float32Array.of(1, 3) })).y!)).toEqual([2, 6])
    await executor.dispose()
  })

  it('say how many threads they use', async () => {
    const { executor } = await openExecutor('onnx-cpu', { threads: 1 })
    expect(executor.description).toMatch(/^ONNX Runtime 1\.\d+\.\d+, CPU, 1 thread$/)
  })

  it('leave the current tfjs backend as it was', async () => {
    await tf.setBackend('cpu')
    const { executor } = await openExecutor('tfjs-wasm')
    const compiled = await executor.prepare({ ...doubled, step })
    const before = tf.memory().numTensors
    await compiled.run({ x: Float32Array.of(1, 3) })
    expect(tf.getBackend()).toBe('cpu')
    expect(tf.memory().numTensors).toBe(before)
  })

  it('refuse a name that is none, with the names that are', async () => {
    await expect(openExecutor('gpu')).rejects.toMatchObject({
      code: 'invalid-config',
      fix: expect.stringContaining('onnx-cpu'),
    })
  })

  it('either are the device that was asked for, or are refused with a fix; they never become another one', async () => {
    for (const { name } of Object.values(executors)) {
      const outcome = await openExecutor(name).then(
        ({ executor }) => executor.name,
        (error: { code: string; fix?: string }) => [error.code, typeof error.fix],
      )
      expect([name, ['device-missing', 'string']]).toContainEqual(outcome)
    }
  })
})
