import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { clockShift } from './clock-shift.ts'

const DAY_MS = 86_400_000

/** What an expression is in a process whose clock is shifted. */
async function shifted(byMs: number, expression: string): Promise<unknown> {
  const args = ['--import', clockShift(byMs), '--print', `JSON.stringify(${expression})`]
  return JSON.parse((await promisify(execFile)(process.execPath, args)).stdout)
}

describe('a shifted clock', () => {
  it('is a day ahead or behind for everything that asks what time it is', async () => {
    const expression = '[Date.now(), new Date().getTime(), Date.parse(Date())]'
    for (const byMs of [DAY_MS, -DAY_MS]) {
      const before = Date.now()
      const times = (await shifted(byMs, expression)) as number[]
      const after = Date.now()
      for (const time of times) {
        expect(time - byMs).toBeGreaterThanOrEqual(before - 1000) // Date() has whole seconds
        expect(time - byMs).toBeLessThanOrEqual(after)
      }
    }
  })

  it('leaves dates alone that are given', async () => {
    const expression = '[new Date(5).getTime(), Date.UTC(1970, 0, 2), new Date(0) instanceof Date]'
    expect(await shifted(DAY_MS, expression)).toEqual([5, DAY_MS, true])
  })
})
