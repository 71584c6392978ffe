import { expect, it } from 'vitest'
import { tally } from './tally-reporter.mjs'

const module = (states: string[], errors: unknown[] = []) => ({
  errors: () => errors,
  children: { allTests: () => states.map((state, i) => ({ fullName: `test ${i}`, result: () => ({ state }) })) },
})

it('counts a module that does not load, an error outside tests and a test that never ended as failures', () => {
  const modules = [
    module(['passed', 'failed', 'skipped', 'passed']),
    module([], ['cannot be loaded']),
    module(['pending']),
  ]
  expect(tally(modules, ['unhandled'])).toEqual({ passed: 2, failed: 4, skipped: ['test 2'] })
})
