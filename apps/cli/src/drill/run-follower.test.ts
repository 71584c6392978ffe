import type { RunView } from '@tessera/protocol'
import { FedError } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import type { ApiClient } from '../api-client.ts'
import { RunFollower } from './run-follower.ts'

/** A coordinator that tells one view after the other, and the last one for ever; an error is one time without answer. */
function coordinator(told: readonly (Partial<RunView> | FedError)[]) {
  const events = Array.from({ length: 5 }, (_, at) => ({ seq: at + 1 }))
  let asked = 0
  return {
    run: async () => {
      const next = told[Math.min(asked++, told.length - 1)]
      if (next instanceof FedError) throw next
      return { round: 0, rounds: 2, adapterHash: null, ...next } as RunView
    },
    events: async (_: string, after: number) => events.filter(({ seq }) => seq > after).slice(0, 2),
    rounds: async () => [],
  } as unknown as ApiClient
}

const AWAY = new FedError('unreachable', 'nobody answers')
const DONE = { phase: 'finished', round: 2, adapterHash: 'a'.repeat(64) } as Partial<RunView>
const follow = (told: Parameters<typeof coordinator>[0], limitMs = 60_000) =>
  new RunFollower(coordinator(told), 'drill-1', { limitMs })

describe('following a run', () => {
  it('goes on while the coordinator does not answer, to the end, and brings the whole log', async () => {
    const run = follow([{ phase: 'training', round: 1 }, AWAY, new FedError('timeout', 'slow'), DONE])
    const { view, events } = await run.ended
    expect(view).toMatchObject(DONE)
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5])
  })

  it('waits for the name that the adapter gets after the end', async () => {
    const { view } = await follow([{ ...DONE, adapterHash: null }, { ...DONE, adapterHash: null }, DONE]).ended
    expect(view?.adapterHash).toBe('a'.repeat(64))
  })

  it('tells when a round is reached, and when the run ended before it', async () => {
    const run = follow([{ phase: 'training' }, { phase: 'training', round: 1 }, DONE])
    expect(await run.reach(1)).toBe(true)
    expect(await run.reach(3)).toBe(false)
    expect(await run.pass(0)).toBe(false)
  })

  it('ends at its limit with the run as it was seen last', async () => {
    const { view } = await follow([{ phase: 'training', round: 1 }], 120).ended
    expect(view).toMatchObject({ phase: 'training', round: 1 })
  })

  it('fails at once when there is no such run', async () => {
    await expect(follow([new FedError('unknown-run', 'there is no such run')]).ended).rejects.toThrow('no such run')
  })
})
