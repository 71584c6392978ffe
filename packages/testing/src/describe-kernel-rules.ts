import * as tf from '@tensorflow/tfjs'
import { type Arrays, type Executor, openExecutor, type StepProgram } from '@tessera/compiler'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Draw, type DrawnTensor } from './draw.ts'

/** One use of a kernel: tensors, and the tfjs code that leads to it. */
export interface KernelExample {
  readonly inputs: Readonly<Record<string, DrawnTensor>>
  readonly compute: (tensors: Readonly<Record<string, tf.Tensor>>) => tf.Tensor | tf.Tensor[]
}

export type KernelCase = (draw: Draw) => KernelExample

/**
 * The law of kernel rules: what a rule records computes what eager tfjs computes, to 1e-5 of the largest element,
 * for random shapes with broadcasting, negative axes and empty dimensions. A rule without a case fails.
 */
export function describeKernelRules(
  family: string,
  rules: readonly { readonly kernel: string }[],
  cases: Readonly<Record<string, KernelCase>>,
): void {
  describe(`kernel rules: ${family}`, () => {
    let eager: Executor
    let compiled: Executor

    beforeAll(async () => {
      eager = (await openExecutor('tfjs-cpu')).executor
      compiled = (await openExecutor('onnx-cpu', { threads: 1 })).executor
    })
    afterAll(async () => {
      await eager.dispose()
      await compiled.dispose()
    })

    it('have a case each, and no case is left over', () => {
      expect(Object.keys(cases).sort()).toEqual(rules.map(({ kernel }) => kernel).sort())
    })

    for (const [kernel, example] of Object.entries(cases)) {
      it(`${kernel}: traced equals eager`, async () => {
        const used = new Set<string>()
        const property = fc.asyncProperty(fc.gen(), async (next) => {
          const drawn = example(new Draw(next))
          const expected = await outputsOf(eager, drawn, used)
          expectClose(await outputsOf(compiled, drawn), expected)
        })
        await fc.assert(property, { numRuns: 12 })
        expect([...used]).toContain(kernel)
      })
    }
  })
}

/** @param used Receives the names of the kernels that tfjs ran. */
async function outputsOf(executor: Executor, example: KernelExample, used = new Set<string>()): Promise<Arrays> {
  const step = await executor.prepare(programOf(example, used))
  try {
    const data = Object.entries(example.inputs).map(([name, tensor]) => [name, tensor.data] as const)
    return await step.run(Object.fromEntries(data))
  } finally {
    await step.dispose()
  }
}

function programOf({ inputs, compute }: KernelExample, used: Set<string>): StepProgram {
  return {
    inputs,
    constants: {},
    step: (tensors) => {
      const results = recordingKernels(() => compute(tensors), used)
      const list = Array.isArray(results) ? results : [results]
      return Object.fromEntries(list.map((tensor, i) => [`${i} [${tensor.shape}]`, tensor]))
    },
  }
}

/** tfjs's own profile of which kernels ran, without its asynchronous reading of values. */
function recordingKernels<T>(work: () => T, used: Set<string>): T {
  const engine = tf.engine()
  const run = engine.runKernel
  engine.runKernel = (name, inputs, attrs) => {
    used.add(name)
    return run.call(engine, name, inputs, attrs) as never
  }
  try {
    return work()
  } finally {
    engine.runKernel = run
  }
}

/** Equal names (which hold the shapes), and elements equal to `tolerance` of the largest finite one of their tensor. */
export function expectClose(actual: Arrays, expected: Arrays, tolerance = 1e-5): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected))
  for (const [name, right] of Object.entries(expected)) {
    const left = actual[name]!
    expect(left.constructor.name).toBe(right.constructor.name)
    expect(left.length).toBe(right.length)
    const largest = Math.max(1e-3, ...Array.from(right, Math.abs).filter(Number.isFinite))
    const wrong = right.findIndex((x, i) => !closeTo(left[i]!, x, tolerance * largest))
    if (wrong >= 0) expect.fail(`${name}: element ${wrong} is ${left[wrong]}, expected ${right[wrong]}`)
  }
}

const closeTo = (a: number, b: number, distance: number): boolean =>
  Object.is(a, b) || a === b || Math.abs(a - b) <= distance
