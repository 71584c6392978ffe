import { clientId, FedError, runId } from '@tessera/vocabulary'
import { describe, expect, it, vi } from 'vitest'
import { ByteLedger, type LedgerLine } from './byte-ledger.ts'

const ada = clientId('ada')
const place = (round: number) => ({ runId: runId('a'), round, pass: 0, kind: 'update' }) as const

const unexpected = (error: unknown): never => expect.fail(String(error))

/** What a database keeps: the last of each line on each page. */
function shelf() {
  const kept = new Map<string, number>()
  let broken: Error | null = null
  return {
    store: vi.fn(async (page: number, lines: readonly LedgerLine[]) => {
      for (const { round, kind, up } of lines) kept.set(`${page} ${round} ${kind}`, up)
      if (broken !== null) throw broken // it was written, and nobody heard of it
    }),
    breakWith: (error: Error | null) => {
      broken = error
    },
    sum: () => [...kept.values()].reduce((sum, up) => sum + up, 0),
  }
}

describe('the ledger in memory', () => {
  it('writes a line in place of itself, and nothing while nothing has changed', async () => {
    const { store, sum } = shelf()
    const ledger = new ByteLedger(store, unexpected)
    ledger.count(ada, place(1), { up: 5, down: 0 })
    await ledger.flush()
    ledger.count(ada, place(1), { up: 2, down: 0 })
    ledger.count(ada, place(2), { up: 0, down: 0 })
    await ledger.flush()
    await ledger.close()
    expect(sum()).toBe(7)
    expect(store.mock.calls.map(([page, lines]) => [page, lines.length])).toEqual([
      [1, 1],
      [1, 1],
    ])
  })

  it('counts once what it does not know to be written, and tells only of what does not pass by itself', async () => {
    const { store, sum, breakWith } = shelf()
    const failed = vi.fn()
    const ledger = new ByteLedger(store, failed)
    breakWith(new FedError('database-unreachable', 'away'))
    ledger.count(ada, place(1), { up: 5, down: 0 })
    await ledger.flush()
    ledger.count(ada, place(1), { up: 1, down: 0 })
    breakWith(new FedError('superseded', 'another one has it'))
    await ledger.flush()
    breakWith(null)
    await ledger.close()
    expect(sum()).toBe(6)
    expect(failed.mock.calls.map(([{ code }]) => code)).toEqual(['superseded'])
  })

  it('turns the page when there are more than 4096 lines, and counts on where an old line was', async () => {
    const { store, sum } = shelf()
    const ledger = new ByteLedger(store, unexpected)
    for (let round = 1; round <= 4097; round++) ledger.count(ada, place(round), { up: 1, down: 0 })
    await ledger.flush()
    ledger.count(ada, place(1), { up: 10, down: 0 })
    await ledger.close()
    expect(sum()).toBe(4107)
    expect(store.mock.calls.at(-1)).toMatchObject([2, [{ round: 1, up: 10 }]])
  })
})
