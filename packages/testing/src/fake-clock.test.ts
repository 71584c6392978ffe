import { expect, it } from 'vitest'
import { createFakeClock } from './fake-clock.ts'

it('wakes sleepers in order of their times, those that lie down on the way too, and not those who left', () => {
  const clock = createFakeClock(100)
  const woken: [string, number][] = []
  const note = (name: string) => () => woken.push([name, clock.now()])
  clock.wakeAt(300, note('late'))
  clock.wakeAt(200, () => {
    note('early')()
    clock.wakeAt(250, note('nested'))
  })
  const leave = clock.wakeAt(220, note('gone'))
  leave()
  expect(clock.nextWake()).toBe(200)
  clock.advanceTo(299)
  expect(woken).toEqual([
    ['early', 200],
    ['nested', 250],
  ])
  expect([clock.now(), clock.nextWake()]).toEqual([299, 300])
  clock.advanceTo(300)
  expect(woken.at(-1)).toEqual(['late', 300])
  expect(clock.nextWake()).toBeNull()
})
