import type { Executor, StepProgram } from '@tessera/compiler'
import { describe, expect, it } from 'vitest'
import { trainingClock } from './training-clock.ts'

const ranking = { inputs: { ends: {} } } as unknown as StepProgram
const training = { inputs: { targets: {} } } as unknown as StepProgram

/** Steps that take as long as they say. */
function clockAt() {
  let now = 0
  const took: number[] = []
  const executor: Executor = {
    name: 'test',
    description: '',
    dispose: async () => {},
    prepare: async () => ({
      matmulFlops: 0,
      dispose: async () => {},
      async run() {
        took.push(now)
        return {}
      },
    }),
  }
  const pass = (ms: number): void => {
    now += ms
  }
  return { clock: trainingClock(executor, () => now), pass, took }
}

describe('trainingClock', () => {
  it('counts 2 s of training, not the 5 s of an evaluation between them', async () => {
    const { clock, pass } = clockAt()
    const evaluation = await clock.executor.prepare(training).then(() => clock.executor.prepare(ranking))
    clock.evaluated()
    pass(1000)
    await evaluation.run({})
    pass(5000)
    expect(clock.seconds()).toBe(1)
    clock.evaluated()
    pass(1000)
    expect(clock.seconds()).toBe(2)
  })

  it('lets a step of training wait until the evaluation is over', async () => {
    const { clock, pass, took } = clockAt()
    const step = await clock.executor.prepare(training)
    const evaluation = await clock.executor.prepare(ranking)
    const waiting = step.run({})
    await evaluation.run({})
    pass(5000)
    clock.evaluated()
    await waiting
    expect(took).toEqual([0, 5000])
  })
})
