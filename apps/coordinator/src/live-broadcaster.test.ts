import type { RunRecord, RunState, TimedEvent } from '@tessera/federation'
import type { LiveMessage, RunView } from '@tessera/protocol'
import { runId } from '@tessera/vocabulary'
import { expect, it } from 'vitest'
import { LiveBroadcaster } from './live-broadcaster.ts'
import type { RunQueries } from './run-queries.ts'

it('tells of a removed run last, though a view of it was being read when it was removed', async () => {
  const id = runId('demo')
  const told: string[] = []
  let answer: (run: RunView | null) => void = () => {}
  const asked = new Promise<void>((resolve) => {
    queries.run = () => {
      resolve()
      return new Promise((gone) => {
        answer = gone
      })
    }
  })
  const broadcaster = new LiveBroadcaster(
    queries,
    ({ type }: LiveMessage) => told.push(type),
    (error) => expect.fail(String(error)),
  )
  const changed = () =>
    broadcaster.changed({ runId: id } as RunRecord, { seq: 1 } as RunState, { type: 'committed', at: 1 } as TimedEvent)
  changed()
  await asked
  changed() // not told any more
  broadcaster.removed(id)
  answer({ id } as RunView)
  await expect.poll(() => told).toEqual(['run', 'removed'])
  await broadcaster.close()
})

const queries: { -readonly [Key in keyof RunQueries]: RunQueries[Key] } = {
  runs: async () => [],
  run: async () => null,
  rounds: async () => [],
  metrics: async () => [],
  events: async () => [],
  workers: async () => [],
  ledger: () => expect.fail('nobody asks for it'),
}
