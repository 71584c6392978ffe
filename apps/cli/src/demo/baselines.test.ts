import { expect, it } from 'vitest'
import { aloneSpec } from './baselines.ts'
import { demoSpec } from './demo-spec.ts'

it('a baseline takes all steps of a client in one round, and leaves nothing out of its update as the codec would', () => {
  const demo = demoSpec(1)
  const alone = aloneSpec(demo)
  expect(demo.codec.codec).not.toBe('float32')
  expect(alone.codec).toEqual({ codec: 'float32' })
  expect(alone.train.localSteps).toBe(demo.rounds.total * demo.train.localSteps)
  expect(alone.rounds).toMatchObject({ total: 1, cohort: { size: 1, quorum: 1 } })
  expect(alone.adapter).toEqual(demo.adapter)
})
