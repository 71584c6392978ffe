import { runId } from '@tessera/vocabulary'
import { expect, it } from 'vitest'
import { addressOf, runOf } from './route.ts'

it('finds the run in its own address, and the newest one everywhere else', () => {
  expect(runOf(addressOf(runId('support-bot.2')))).toBe('support-bot.2')
  expect(['/', '/runs', '/runs/', '/runs/%zz', '/runs/a/b'].map(runOf)).toEqual([null, null, null, null, null])
  expect(runOf('/runs/demo/')).toBe('demo')
})
