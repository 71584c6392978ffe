import { type FedError, ok, type Result, runId } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { IntakeGate } from './intake-gate.ts'

const run = runId('a')
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

/** Work that says when it begins and ends when it is told to. */
function work(begun: string[], name: string) {
  let end: (result: Result<string, FedError>) => void = () => {}
  const ended = new Promise<Result<string, FedError>>((resolve) => {
    end = resolve
  })
  const begin = () => {
    begun.push(name)
    return ended
  }
  return { begin, end: () => end(ok(name)) }
}

describe('the gate for updates', () => {
  it('lets two of a run in at once and the others in their order, and does not hold up another run', async () => {
    const gate = new IntakeGate({ atOnce: 2, waitingBytes: 100 })
    const begun: string[] = []
    const works = ['a1', 'a2', 'a3', 'a4'].map((name) => work(begun, name))
    const passed = works.map(({ begin }) => gate.pass(run, 50, begin))
    const other = work(begun, 'b1')
    const otherPassed = gate.pass(runId('b'), 50, other.begin)
    await nextTurn()
    expect(begun).toEqual(['a1', 'a2', 'b1'])
    works[1]!.end()
    await nextTurn()
    expect(begun).toEqual(['a1', 'a2', 'b1', 'a3'])
    for (const { end } of [...works, other]) end()
    expect(await Promise.all([...passed, otherPassed])).toEqual(['a1', 'a2', 'a3', 'a4', 'b1'].map(ok))
    expect(begun.at(-1)).toBe('a4')
  })

  it('refuses with overloaded, which is retryable, what would make more than 100 bytes wait', async () => {
    const gate = new IntakeGate({ atOnce: 1, waitingBytes: 100 })
    const begun: string[] = []
    const [first, second] = [work(begun, 'first'), work(begun, 'second')]
    const passed = [gate.pass(run, 1000, first.begin), gate.pass(run, 60, second.begin)]
    const refused = await gate.pass(run, 60, work(begun, 'third').begin)
    expect(refused).toMatchObject({ ok: false, error: { code: 'overloaded', retryable: true } })
    for (const { end } of [first, second]) end()
    expect(await Promise.all(passed)).toEqual([ok('first'), ok('second')])
    const later = work(begun, 'later')
    later.end()
    expect(await gate.pass(run, 60, later.begin)).toEqual(ok('later'))
  })

  it('is open again after work that throws', async () => {
    const gate = new IntakeGate({ atOnce: 1, waitingBytes: 100 })
    await expect(gate.pass(run, 1, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await gate.pass(run, 1, async () => ok('yes'))).toEqual(ok('yes'))
  })
})
