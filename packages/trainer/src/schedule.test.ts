import { expect, it } from 'vitest'
import { scheduleFactor } from './schedule.ts'
import { roundFactors, trainSpec } from './train-spec.ts'

it('the warm-up rises in equal steps, then the cosine falls from 1 towards 0', () => {
  const factors = Array.from({ length: 8 }, (_, step) => scheduleFactor({ kind: 'cosine', warmupSteps: 4 }, step, 8))
  const half = Math.SQRT1_2 / 2
  const expected = [0.25, 0.5, 0.75, 1, 1, 0.5 + half, 0.5, 0.5 - half]
  for (const [step, factor] of factors.entries()) expect(factor).toBeCloseTo(expected[step]!, 12)
})

it('a constant schedule stays at 1, and steps past the end keep the last factor', () => {
  expect(scheduleFactor({ kind: 'constant', warmupSteps: 0 }, 99, 10)).toBe(1)
  const cosine = { kind: 'cosine', warmupSteps: 0 } as const
  expect(scheduleFactor(cosine, 12, 10)).toBe(scheduleFactor(cosine, 9, 10))
})

it('a warm-up longer than the run never passes 1', () => {
  expect(scheduleFactor({ kind: 'cosine', warmupSteps: 20 }, 9, 10)).toBe(0.5)
})

it('the schedule runs over all rounds: round 2 goes on where round 1 ended', () => {
  const train = trainSpec.parse({ localSteps: 3 })
  const factors = [1, 2].flatMap((round) => roundFactors(train, { round, rounds: 2 }))
  expect(factors).toEqual([0, 1, 2, 3, 4, 5].map((step) => scheduleFactor(train.schedule, step, 6)))
})
