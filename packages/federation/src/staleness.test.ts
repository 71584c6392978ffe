import { aggregated, committed, inRoundOne, told, updateOf } from '@tessera/testing'
import { expect, it } from 'vitest'
import { exactWeight, stalenessFactor } from './staleness.ts'

it.each([
  ['constant', [256, 256, 256, 256]],
  ['inverse-sqrt', [256, 181, 148, 128]], // 256 / √2 = 181.02, 256 / √3 = 147.80, 256 / 2
  ['inverse', [256, 128, 85, 64]], // 256 / 3 = 85.33
] as const)('%s gives %j for updates 0, 1, 2 and 3 versions old', (discount, factors) => {
  expect([0, 1, 2, 3].map((staleness) => stalenessFactor(discount, staleness))).toEqual(factors)
})

it('is never zero, so that an update that is accepted counts', () => {
  expect(stalenessFactor('inverse', 100_000)).toBe(1)
})

it('multiplies the examples of a buffered round, and of no other', () => {
  const mode = { kind: 'buffered', bufferSize: 1, staleness: 'inverse-sqrt', maxStaleness: 2 } as const
  const story = inRoundOne(['a', 'b'], { mode, quorum: 1 })
  const weightOf = (client: string) => {
    const stage = story.state.stage!
    const { id } = stage.assignments.find(({ clientId }) => clientId === client)!
    return exactWeight(story.record, stage, { assignmentId: id, weight: 10 })
  }
  told(story, [updateOf(story.state, 'a'), aggregated, committed])
  expect([weightOf('a'), weightOf('b')]).toEqual([2560, 1810])
  const sync = inRoundOne(['a', 'b'])
  const [{ id }] = sync.state.stage!.assignments
  expect(exactWeight(sync.record, sync.state.stage!, { assignmentId: id, weight: 10 })).toBe(10)
})

it('is known only of assignments of the stage', () => {
  const { record, state } = inRoundOne(['a', 'b'])
  const stranger = { assignmentId: 'run-1.train-1.z' as never, weight: 10 }
  expect(() => exactWeight(record, state.stage!, stranger)).toThrow('no assignment run-1.train-1.z')
})
